-- `+`: found by its id, not by walking through the conversation.
DELETE FROM items
WHERE number = (
    SELECT MAX(items.number)
    FROM conversations JOIN items ON +items.conversation = conversations.number
    WHERE conversations.tenant = $1 AND conversations.id = $2 AND items.tenant = $1 AND items.id = $3
)
