UPDATE responses SET touched = $3 WHERE tenant = $1 AND id = $2 AND status = 0
