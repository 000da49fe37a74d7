SELECT items.id, items.json
FROM json_each($2) AS wanted
JOIN items ON items.number = (SELECT MAX(number) FROM items WHERE tenant = $1 AND id = wanted.value)
ORDER BY wanted.key
