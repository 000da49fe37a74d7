SELECT COALESCE(MAX(sequence), -1) FROM events WHERE response = $1
