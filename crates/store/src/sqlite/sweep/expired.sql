DELETE FROM responses WHERE number IN (SELECT number FROM responses WHERE expires <= $1 ORDER BY expires LIMIT $2)
