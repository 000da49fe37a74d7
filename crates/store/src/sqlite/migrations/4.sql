-- The objects of the control API, and how often any of them was changed.

CREATE TABLE objects (
    kind     TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    -- The revision that changed it last.
    revision INTEGER NOT NULL,
    value    BLOB    NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- One row.
CREATE TABLE registry (
    number   INTEGER PRIMARY KEY CHECK (number = 1),
    revision INTEGER NOT NULL
) STRICT;

INSERT INTO registry (number, revision) VALUES (1, 0);

PRAGMA user_version = 4;
