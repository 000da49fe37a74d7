SELECT clock.at, found.place, found.version, found.value
FROM (SELECT store_time() AS at) AS clock
LEFT JOIN (
    SELECT wanted.place, kept.version, kept.value, kept.expires
    FROM unnest($1::bytea[]) WITH ORDINALITY AS wanted (key, place)
    JOIN shared_values AS kept ON kept.key = wanted.key
) AS found ON found.expires IS NULL OR found.expires > clock.at
