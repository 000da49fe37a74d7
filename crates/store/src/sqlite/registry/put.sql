INSERT INTO objects (kind, name, revision, value) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (kind, name) DO UPDATE SET revision = excluded.revision, value = excluded.value
