DELETE FROM responses
WHERE number IN (
    -- What somebody is changing is left for the next time.
    SELECT number FROM responses WHERE expires <= $1 ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED
)
