-- The objects of the control API, and what was done to the gateway. Names and texts are kept as bytes, so that they are compared as such and
-- come back as they were, whatever encoding the database has.

CREATE TABLE objects (
    kind     bytea  NOT NULL,
    name     bytea  NOT NULL,
    -- The revision that changed it last.
    revision bigint NOT NULL,
    value    bytea  NOT NULL,
    PRIMARY KEY (kind, name)
);

-- One row: how often any of them was changed.
CREATE TABLE registry (
    number   integer PRIMARY KEY CHECK (number = 1),
    revision bigint  NOT NULL
);

INSERT INTO registry (number, revision) VALUES (1, 0);

-- A chain of hashes, of which only the beginning is ever forgotten.
CREATE TABLE audit_records (
    sequence bigint PRIMARY KEY,
    -- BLAKE3 over the hash before, the number in 8 bytes (big-endian) and the entry.
    hash     bytea  NOT NULL,
    -- JSON as it was hashed.
    entry    bytea  NOT NULL
);

CREATE FUNCTION refuse_change_of_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a record of the audit log is never changed';
END
$$;

CREATE TRIGGER audit_records_stay BEFORE UPDATE OR TRUNCATE ON audit_records
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_record();

-- One row: where the chain was before the first record that is left. Whoever appends locks it, so that all replicas write one chain.
CREATE TABLE audit_base (
    only_row integer PRIMARY KEY CHECK (only_row = 1),
    sequence bigint  NOT NULL,
    hash     bytea   NOT NULL
);

INSERT INTO audit_base (only_row, sequence, hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'));
