INSERT INTO events (response, sequence, frame)
SELECT $1, given.sequence, given.frame FROM unnest($2::bigint[], $3::bytea[]) AS given (sequence, frame)
