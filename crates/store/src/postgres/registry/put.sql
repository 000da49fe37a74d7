INSERT INTO objects (kind, name, revision, value)
SELECT given.kind, given.name, $1, given.value FROM unnest($2::bytea[], $3::bytea[], $4::bytea[]) AS given (kind, name, value)
ON CONFLICT (kind, name) DO UPDATE SET revision = excluded.revision, value = excluded.value
