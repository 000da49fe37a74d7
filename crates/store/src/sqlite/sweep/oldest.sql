DELETE FROM responses WHERE number IN (SELECT number FROM responses ORDER BY number LIMIT $1)
