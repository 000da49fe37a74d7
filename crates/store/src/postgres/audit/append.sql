INSERT INTO audit_records (sequence, hash, entry) SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])
