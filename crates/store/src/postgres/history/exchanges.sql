SELECT items.id, items.json
FROM unnest($1::bigint[]) WITH ORDINALITY AS response (number, place) JOIN items ON items.response = response.number
ORDER BY response.place, items.number
