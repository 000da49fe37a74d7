-- `+`: the item before the page is found by its id, not by walking through them all.
SELECT id, json FROM items
WHERE response = $1 AND is_output = 0 AND number < COALESCE(
    (SELECT MAX(number) FROM items WHERE tenant = $2 AND id = $3 AND +response = $1 AND +is_output = 0),
    CASE WHEN $3 IS NULL THEN 9223372036854775807 END
)
ORDER BY number DESC LIMIT $4
