DELETE FROM shared_values
WHERE key IN (
    -- What somebody is changing is left for the next time. The clock is read once, so that the index is of use.
    SELECT key FROM shared_values WHERE expires <= (SELECT store_time()) LIMIT $1 FOR UPDATE SKIP LOCKED
)
