-- What replicas agree on. Times are microseconds since 1970 by the clock of the database.

CREATE FUNCTION store_time() RETURNS bigint LANGUAGE sql VOLATILE
RETURN (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;

-- No number of it comes twice.
CREATE SEQUENCE shared_versions;

CREATE TABLE shared_values (
    -- Bytes, so that they are compared as such.
    key     bytea  PRIMARY KEY,
    version bigint NOT NULL DEFAULT nextval('shared_versions'),
    value   bytea  NOT NULL,
    -- Absent when it is kept for ever.
    expires bigint
);

CREATE INDEX shared_values_by_expiry ON shared_values (expires) WHERE expires IS NOT NULL;

-- Makes changes, those of a key in their order. Keys are gone through in one order by everybody, so that nobody waits for
-- someone who waits for him.
CREATE FUNCTION replace_values(keys bytea[], replaced bigint[], contents bytea[], lifetimes bigint[])
RETURNS TABLE (change_place bigint, made bigint, current_version bigint, current_value bytea)
LANGUAGE plpgsql AS $$
DECLARE
    change record;
BEGIN
    FOR change IN
        SELECT given.* FROM unnest(keys, replaced, contents, lifetimes)
            WITH ORDINALITY AS given (key, replaces, value, lifetime, place)
        ORDER BY given.key, given.place
    LOOP
        change_place := change.place;
        current_version := NULL;
        current_value := NULL;
        IF change.replaces IS NULL THEN
            INSERT INTO shared_values AS kept (key, value, expires)
            VALUES (change.key, change.value, store_time() + change.lifetime)
            ON CONFLICT (key) DO UPDATE
            SET version = excluded.version, value = excluded.value, expires = excluded.expires
            WHERE kept.expires <= store_time()
            RETURNING kept.version INTO made;
        ELSE
            UPDATE shared_values AS kept
            SET version = DEFAULT, value = change.value, expires = store_time() + change.lifetime
            WHERE kept.key = change.key AND kept.version = change.replaces
                AND (kept.expires IS NULL OR kept.expires > store_time())
            RETURNING kept.version INTO made;
        END IF;
        IF made IS NULL THEN
            -- Sees what was written while it waited.
            SELECT kept.version, kept.value INTO current_version, current_value
            FROM shared_values AS kept
            WHERE kept.key = change.key AND (kept.expires IS NULL OR kept.expires > store_time());
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
