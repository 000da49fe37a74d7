SELECT COALESCE(SUM(bytes), 0)::bigint FROM kept_bytes
