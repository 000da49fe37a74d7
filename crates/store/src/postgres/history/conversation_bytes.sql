SELECT COALESCE(SUM(octet_length(json)), 0)::bigint FROM items WHERE conversation = $1 AND number <= $2
