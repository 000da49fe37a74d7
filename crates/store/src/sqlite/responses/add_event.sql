INSERT INTO events (response, sequence, frame)
SELECT $1, $2, $3
WHERE $2 > (SELECT COALESCE(MAX(sequence), -1) FROM events WHERE response = $1)
