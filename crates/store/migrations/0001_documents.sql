CREATE TABLE documents (
    name TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    value TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
