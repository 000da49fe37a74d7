SELECT id, json FROM items
WHERE response = $1 AND NOT is_output AND number < COALESCE(
    (SELECT MAX(number) FROM items WHERE response = $1 AND NOT is_output AND tenant = $2 AND sha256(id) = sha256($3) AND id = $3),
    CASE WHEN $3::bytea IS NULL THEN 9223372036854775807 END
)
ORDER BY number DESC LIMIT $4
