DELETE FROM objects USING unnest($1::bytea[], $2::bytea[]) AS given (kind, name)
WHERE objects.kind = given.kind AND objects.name = given.name
