UPDATE audit_base SET (sequence, hash) = (SELECT sequence, hash FROM audit_records WHERE sequence = $1)
