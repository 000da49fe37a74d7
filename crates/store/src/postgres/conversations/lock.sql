SELECT number FROM conversations WHERE tenant = $1 AND id = $2 FOR UPDATE
