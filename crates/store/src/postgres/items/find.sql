SELECT latest.id, latest.json
FROM unnest($2::bytea[]) WITH ORDINALITY AS wanted (id, place)
CROSS JOIN LATERAL (
    SELECT items.id, items.json FROM items
    WHERE items.tenant = $1 AND sha256(items.id) = sha256(wanted.id) AND items.id = wanted.id
    ORDER BY items.number DESC LIMIT 1
) AS latest
ORDER BY wanted.place
