INSERT INTO items (tenant, id, response, is_output, conversation, json) VALUES ($1, $2, $3, $4, $5, $6)
