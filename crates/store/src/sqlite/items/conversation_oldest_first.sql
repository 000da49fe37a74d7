-- `+`: the item before the page is found by its id, not by walking through them all.
SELECT id, json FROM items
WHERE conversation = $1 AND number > COALESCE(
    (SELECT MIN(number) FROM items WHERE tenant = $2 AND id = $3 AND +conversation = $1),
    CASE WHEN $3 IS NULL THEN 0 END
)
ORDER BY number LIMIT $4
