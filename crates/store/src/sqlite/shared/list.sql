SELECT key, version, value FROM shared_values
WHERE key >= $1 AND key < $2 AND ($3 IS NULL OR key > $3) AND (expires IS NULL OR expires > $4)
ORDER BY key LIMIT $5
