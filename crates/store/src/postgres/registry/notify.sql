SELECT pg_notify('tollgate_registry', $1)
