//! The tables, which explain themselves to whoever opens the file with `sqlite3`.

/// Marks the file as ours: `RBJL`.
pub(super) const APPLICATION: i32 = 0x5242_4A4C;
/// The version of the tables.
pub(super) const VERSION: i32 = 1;

// SQLite keeps the text of a statement with its comments, and `.schema` shows it.
pub(super) const TABLES: &str = "
CREATE TABLE entries (
    -- What is kept. Positions are given in order, without gaps, and none is used twice.
    position INTEGER PRIMARY KEY,
    -- 16 bytes made of what makes the entry what it is: show it with hex(key).
    key BLOB NOT NULL,
    -- What stays together and in order, such as a conversation.
    lane TEXT NOT NULL,
    -- When it came, in milliseconds since 1970; never earlier than the entry before:
    -- show it with datetime(received / 1000, 'unixepoch').
    received INTEGER NOT NULL,
    -- What the writer remembered beside the body: one line of JSON.
    about TEXT NOT NULL,
    -- The bytes: a text when they are UTF-8 without a zero byte, else a blob.
    body ANY NOT NULL
) STRICT;
-- Two entries with one key are one entry.
CREATE UNIQUE INDEX entries_by_key ON entries (key);
CREATE TABLE consumers (
    -- Those who are handed entries until each is settled: done, or given up.
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- Up to this position everything is settled, but for what is 'redriven' in deliveries.
    floor INTEGER NOT NULL
) STRICT;
CREATE TABLE deliveries (
    -- What a consumer has begun or settled, where its floor does not say it.
    consumer INTEGER NOT NULL REFERENCES consumers (id),
    position INTEGER NOT NULL,
    -- begun: an attempt began, and it is not settled.
    -- done: it is done, and something before it is not; the row goes when the floor passes it.
    -- dead: it was given up, and stays until somebody has it tried again.
    -- redriven: it was given up once and is to be tried again.
    state TEXT NOT NULL CHECK (state IN ('begun', 'done', 'dead', 'redriven')),
    -- How many attempts began.
    attempts INTEGER NOT NULL,
    -- Why it was given up last.
    reason TEXT,
    -- When it was given up last, in milliseconds since 1970.
    since INTEGER,
    PRIMARY KEY (consumer, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_redriven ON deliveries (consumer, position) WHERE state = 'redriven';
CREATE TABLE journal (
    -- One row: what is known of entries that are forgotten.
    only INTEGER PRIMARY KEY CHECK (only = 1),
    -- The last position that had been given when entries were last forgotten.
    last INTEGER NOT NULL,
    -- When the entry at it came, in milliseconds since 1970.
    received INTEGER NOT NULL,
    -- The greatest position that was forgotten: no entry after it is missing.
    forgotten INTEGER NOT NULL
) STRICT;
INSERT INTO journal VALUES (1, 0, 0, 0);
";

/// What is compared with the names in the file.
pub(super) const NAMES: [&str; 4] = ["consumers", "deliveries", "entries", "journal"];
