INSERT INTO audit_records (sequence, hash, entry) VALUES (?1, ?2, ?3)
