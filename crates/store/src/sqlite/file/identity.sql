SELECT application_id, user_version, (SELECT COUNT(*) FROM sqlite_schema)
FROM pragma_application_id(), pragma_user_version()
