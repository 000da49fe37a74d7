SELECT CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER) * 1000
