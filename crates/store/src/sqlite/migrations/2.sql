-- What processes agree on. Each value is a new row, and no number is used again.
CREATE TABLE shared_values (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Bytes, so that they are compared as such.
    key     BLOB    NOT NULL UNIQUE,
    value   BLOB    NOT NULL,
    -- Microseconds since 1970; absent when it is kept for ever.
    expires INTEGER
) STRICT;

CREATE INDEX shared_values_by_expiry ON shared_values (expires) WHERE expires IS NOT NULL;

PRAGMA user_version = 2;
