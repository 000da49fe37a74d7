UPDATE responses
SET status = $2, body = $3, continued_response = $4, continued_conversation = $5, conversation_until = $6, item_bytes = $7,
    touched = $8, expires = $9
WHERE number = $1
