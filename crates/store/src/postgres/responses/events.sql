SELECT events.sequence, events.frame
FROM responses JOIN events ON events.response = responses.number
WHERE responses.tenant = $1 AND responses.id = $2 AND events.sequence > $3
ORDER BY events.sequence LIMIT $4
