DELETE FROM conversations WHERE tenant = $1 AND id = $2
