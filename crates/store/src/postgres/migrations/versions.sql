CREATE TABLE IF NOT EXISTS versions (
    version integer     PRIMARY KEY,
    made    timestamptz NOT NULL DEFAULT now()
)
