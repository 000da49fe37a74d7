UPDATE conversations SET metadata = $3 WHERE tenant = $1 AND id = $2
