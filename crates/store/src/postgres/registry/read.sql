SELECT kind, name, revision, value FROM objects ORDER BY kind, name
