-- What was done to the gateway and what was refused: a chain of hashes, of which only the beginning is ever forgotten.
CREATE TABLE audit_records (
    sequence INTEGER PRIMARY KEY,
    -- BLAKE3 over the hash before, the number in 8 bytes (big-endian) and the entry.
    hash     BLOB    NOT NULL,
    -- JSON as it was hashed.
    entry    TEXT    NOT NULL
) STRICT;

CREATE TRIGGER audit_records_stay BEFORE UPDATE ON audit_records
BEGIN
    SELECT RAISE(ABORT, 'a record of the audit log is never changed');
END;

-- Where the chain was before the first record that is left.
CREATE TABLE audit_base (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    sequence INTEGER NOT NULL,
    hash     BLOB    NOT NULL
) STRICT;

INSERT INTO audit_base (only_row, sequence, hash) VALUES (1, 0, zeroblob(32));

PRAGMA user_version = 3;
