SELECT COALESCE(MAX(number), 0) FROM items WHERE conversation = $1
