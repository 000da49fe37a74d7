SELECT clock.at, listed.key, listed.version, listed.value
FROM (SELECT store_time() AS at) AS clock
LEFT JOIN LATERAL (
    SELECT key, version, value FROM shared_values
    WHERE key >= $1 AND key < $2 AND ($3::bytea IS NULL OR key > $3) AND (expires IS NULL OR expires > clock.at)
    ORDER BY key LIMIT $4
) AS listed ON true
ORDER BY listed.key
