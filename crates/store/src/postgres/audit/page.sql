SELECT sequence, hash, entry FROM audit_records WHERE sequence > $1 ORDER BY sequence LIMIT $2
