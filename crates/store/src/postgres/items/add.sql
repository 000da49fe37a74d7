INSERT INTO items (tenant, id, response, is_output, conversation, json)
SELECT $1, given.id, $2, $3, $4, given.json
FROM unnest($5::bytea[], $6::bytea[]) WITH ORDINALITY AS given (id, json, place)
ORDER BY given.place
