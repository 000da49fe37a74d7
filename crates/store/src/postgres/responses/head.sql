SELECT status, body, touched FROM responses WHERE tenant = $1 AND id = $2
