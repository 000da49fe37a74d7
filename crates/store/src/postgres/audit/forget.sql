DELETE FROM audit_records WHERE sequence <= $1
