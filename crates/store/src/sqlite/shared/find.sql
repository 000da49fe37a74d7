SELECT version, value FROM shared_values
WHERE key = $1 AND (expires IS NULL OR expires > $2)
