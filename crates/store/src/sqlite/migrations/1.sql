-- Responses, conversations and their items. Times are microseconds since 1970.

-- "TOLL": whose file this is.
PRAGMA application_id = 1414483020;

CREATE TABLE responses (
    number                 INTEGER PRIMARY KEY,
    tenant                 TEXT    NOT NULL,
    id                     TEXT    NOT NULL,
    -- 0 unfinished, 1 answered, 2 given up
    status                 INTEGER NOT NULL,
    body                   BLOB    NOT NULL,
    -- What it goes on from: one of the two, or neither.
    continued_response     TEXT,
    continued_conversation TEXT,
    -- The last item that its conversation held before its own; absent when it was not appended to one.
    conversation_until     INTEGER,
    -- The length of its items' JSON.
    item_bytes             INTEGER NOT NULL,
    touched                INTEGER NOT NULL,
    expires                INTEGER NOT NULL,
    UNIQUE (tenant, id)
) STRICT;

CREATE INDEX responses_by_expiry ON responses (expires);

CREATE TABLE conversations (
    number   INTEGER PRIMARY KEY,
    tenant   TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    metadata BLOB    NOT NULL,
    created  INTEGER NOT NULL,
    UNIQUE (tenant, id)
) STRICT;

-- An item belongs to a response or to a conversation. What a response adds to a conversation is there twice, since each
-- of the two can be forgotten alone. A higher number is a later item, and no number is used again.
CREATE TABLE items (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant       TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    response     INTEGER REFERENCES responses (number) ON DELETE CASCADE,
    -- Whether the response gave it; else its request brought it.
    is_output    INTEGER NOT NULL,
    conversation INTEGER REFERENCES conversations (number) ON DELETE CASCADE,
    json         BLOB    NOT NULL,
    CHECK ((response IS NULL) <> (conversation IS NULL))
) STRICT;

CREATE INDEX items_by_id ON items (tenant, id);
CREATE INDEX items_of_response ON items (response, is_output) WHERE response IS NOT NULL;
CREATE INDEX items_of_conversation ON items (conversation) WHERE conversation IS NOT NULL;

CREATE TABLE events (
    response INTEGER NOT NULL REFERENCES responses (number) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    frame    BLOB    NOT NULL,
    PRIMARY KEY (response, sequence)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 1;
