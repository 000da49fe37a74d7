SELECT number FROM responses WHERE tenant = $1 AND id = $2 AND status = 0 FOR UPDATE
