WITH taken AS (DELETE FROM kept_bytes RETURNING bytes)
INSERT INTO kept_bytes (bytes) SELECT COALESCE(SUM(bytes), 0) FROM taken
RETURNING bytes
