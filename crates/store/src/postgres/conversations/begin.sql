INSERT INTO conversations (tenant, id, metadata, created) VALUES ($1, $2, $3, $4) RETURNING number
