SELECT id, json FROM items
WHERE conversation = $1 AND number > COALESCE(
    (SELECT MIN(number) FROM items WHERE conversation = $1 AND tenant = $2 AND sha256(id) = sha256($3) AND id = $3),
    CASE WHEN $3::bytea IS NULL THEN 0 END
)
ORDER BY number LIMIT $4
