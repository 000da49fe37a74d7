INSERT INTO responses
    (tenant, id, status, body, continued_response, continued_conversation, conversation_until, item_bytes, touched, expires)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING number
