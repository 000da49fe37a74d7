SELECT sequence, hash FROM audit_base FOR UPDATE
