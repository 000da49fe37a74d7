SELECT COALESCE(SUM(LENGTH(json)), 0) FROM items WHERE conversation = $1 AND number <= $2
