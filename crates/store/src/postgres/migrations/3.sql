-- Responses, conversations and their items. Times are microseconds since 1970 by the clocks of the replicas; names are bytes, since clients make some of them.

CREATE TABLE responses (
    number                 bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant                 bytea    NOT NULL,
    id                     bytea    NOT NULL,
    -- 0 unfinished, 1 answered, 2 given up
    status                 smallint NOT NULL,
    body                   bytea    NOT NULL,
    -- What it goes on from: one of the two, or neither.
    continued_response     bytea,
    continued_conversation bytea,
    -- The last item that its conversation held before its own; absent when it was not appended to one.
    conversation_until     bigint,
    -- The length of its items' JSON.
    item_bytes             bigint   NOT NULL,
    touched                bigint   NOT NULL,
    expires                bigint   NOT NULL,
    UNIQUE (tenant, id)
);

CREATE INDEX responses_by_expiry ON responses (expires);

CREATE TABLE conversations (
    number   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant   bytea  NOT NULL,
    id       bytea  NOT NULL,
    metadata bytea  NOT NULL,
    created  bigint NOT NULL,
    UNIQUE (tenant, id)
);

-- An item belongs to a response or to a conversation. What a response adds to a conversation is there twice, since each of the two can be
-- forgotten alone. Of a response or a conversation a higher number is a later item: whoever adds some has locked it. No number is used again.
CREATE TABLE items (
    number       bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant       bytea   NOT NULL,
    id           bytea   NOT NULL,
    response     bigint  REFERENCES responses (number) ON DELETE CASCADE,
    -- Whether the response gave it; else its request brought it.
    is_output    boolean NOT NULL,
    conversation bigint  REFERENCES conversations (number) ON DELETE CASCADE,
    json         bytea   NOT NULL,
    CHECK ((response IS NULL) <> (conversation IS NULL))
);

-- By a hash, since clients may make ids that are longer than an entry of an index can be.
CREATE INDEX items_by_id ON items (tenant, sha256(id), number);
CREATE INDEX items_of_response ON items (response, number) WHERE response IS NOT NULL;
CREATE INDEX items_of_conversation ON items (conversation, number) WHERE conversation IS NOT NULL;

CREATE TABLE events (
    response bigint NOT NULL REFERENCES responses (number) ON DELETE CASCADE,
    sequence bigint NOT NULL,
    frame    bytea  NOT NULL,
    PRIMARY KEY (response, sequence)
);

-- How many bytes all of this takes: the sum of the rows. Each change adds a row, since whoever changed one number would wait for all others; they
-- are made one now and then.
CREATE TABLE kept_bytes (
    bytes bigint NOT NULL
);

-- Notes by how much a statement has changed that, by an expression for the bytes of one row.
CREATE FUNCTION note_kept_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    added   bigint := 0;
    removed bigint := 0;
BEGIN
    IF TG_OP <> 'DELETE' THEN
        EXECUTE format('SELECT COALESCE(sum(%s), 0) FROM new_rows', TG_ARGV[0]) INTO added;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        EXECUTE format('SELECT COALESCE(sum(%s), 0) FROM old_rows', TG_ARGV[0]) INTO removed;
    END IF;
    IF added <> removed THEN
        EXECUTE format('INSERT INTO %I.kept_bytes (bytes) VALUES ($1)', TG_TABLE_SCHEMA) USING added - removed;
    END IF;
    RETURN NULL;
END
$$;

-- A hundred or two for what a row and its entries in indexes take besides.
CREATE TRIGGER responses_added AFTER INSERT ON responses REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION note_kept_bytes('200 + octet_length(body)');
CREATE TRIGGER responses_changed AFTER UPDATE ON responses REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION note_kept_bytes('200 + octet_length(body)');
CREATE TRIGGER responses_removed AFTER DELETE ON responses REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION note_kept_bytes('200 + octet_length(body)');

CREATE TRIGGER conversations_added AFTER INSERT ON conversations REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION note_kept_bytes('200 + octet_length(metadata)');
CREATE TRIGGER conversations_changed AFTER UPDATE ON conversations REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION note_kept_bytes('200 + octet_length(metadata)');
CREATE TRIGGER conversations_removed AFTER DELETE ON conversations REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION note_kept_bytes('200 + octet_length(metadata)');

CREATE TRIGGER items_added AFTER INSERT ON items REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION note_kept_bytes('200 + octet_length(id) + octet_length(json)');
CREATE TRIGGER items_removed AFTER DELETE ON items REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION note_kept_bytes('200 + octet_length(id) + octet_length(json)');

CREATE TRIGGER events_added AFTER INSERT ON events REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION note_kept_bytes('100 + octet_length(frame)');
CREATE TRIGGER events_removed AFTER DELETE ON events REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION note_kept_bytes('100 + octet_length(frame)');
