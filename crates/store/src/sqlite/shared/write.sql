INSERT OR REPLACE INTO shared_values (key, value, expires) VALUES ($1, $2, $3)
RETURNING version
