SELECT metadata, created FROM conversations WHERE tenant = $1 AND id = $2
