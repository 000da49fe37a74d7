-- `+`: found by its id, not by walking through the conversation.
SELECT items.id, items.json
FROM conversations JOIN items ON +items.conversation = conversations.number
WHERE conversations.tenant = $1 AND conversations.id = $2 AND items.tenant = $1 AND items.id = $3
ORDER BY items.number DESC LIMIT 1
