SELECT items.id, items.json
FROM conversations JOIN items ON items.conversation = conversations.number
WHERE conversations.tenant = $1 AND conversations.id = $2
    AND items.tenant = $1 AND sha256(items.id) = sha256($3) AND items.id = $3
ORDER BY items.number DESC LIMIT 1
