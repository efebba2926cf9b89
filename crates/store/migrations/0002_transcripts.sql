CREATE TABLE transcript_conversations (
    id TEXT NOT NULL PRIMARY KEY,
    frontend TEXT COLLATE "C" NOT NULL,
    backend TEXT NOT NULL,
    vendor_key TEXT NOT NULL,
    scope TEXT NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    profile TEXT NOT NULL,
    begun BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX transcript_conversations_user ON transcript_conversations (user_id);
CREATE INDEX transcript_conversations_last ON transcript_conversations (last_at);
CREATE TABLE transcript_lines (
    conversation TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    is_user BIGINT NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (conversation, seq)
);
CREATE INDEX transcript_lines_at ON transcript_lines (at);
