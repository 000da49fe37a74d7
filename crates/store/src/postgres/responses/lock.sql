SELECT number FROM responses WHERE tenant = $1 AND id = $2 FOR UPDATE
