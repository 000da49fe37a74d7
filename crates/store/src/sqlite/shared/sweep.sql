DELETE FROM shared_values
WHERE version IN (SELECT version FROM shared_values WHERE expires <= $1 LIMIT $2)
