SELECT items.id, items.json
FROM json_each($1) AS response JOIN items ON items.response = response.value
ORDER BY response.key, items.number
