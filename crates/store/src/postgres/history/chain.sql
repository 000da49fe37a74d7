-- A response and those that it went on from, up to the first that was never answered, makes it too large or is one too many.
WITH RECURSIVE chain (depth, number, status, earlier, conversation, until, bytes) AS (
    SELECT 0::bigint, number, status, continued_response, continued_conversation, conversation_until, item_bytes
    FROM responses
    WHERE tenant = $1 AND id = $2
    UNION ALL
    SELECT
        chain.depth + 1, response.number, response.status, response.continued_response, response.continued_conversation,
        response.conversation_until, chain.bytes + response.item_bytes
    -- One at a time, by the index.
    FROM chain CROSS JOIN LATERAL (
        SELECT * FROM responses WHERE tenant = $1 AND id = chain.earlier LIMIT 1
    ) AS response
    WHERE chain.status = 1 AND chain.bytes <= $3 AND chain.depth + 1 < $4
)
SELECT number, status, earlier, conversation, until, bytes FROM chain ORDER BY depth
