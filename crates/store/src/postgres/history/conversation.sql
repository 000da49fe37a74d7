SELECT id, json FROM items WHERE conversation = $1 AND number <= $2 ORDER BY number
