//! The store's tables.

use std::time::Duration;

use rusqlite::Connection;

/// What `PRAGMA user_version` says of a store that is laid out as below.
const VERSION: i64 = 1;

/// Times in nanoseconds, sizes in bytes; `json` is the event as `event.schema.json` describes it. What a kind
/// of event does not have is NULL.
const TABLES: &str = "
CREATE TABLE events (
    id             TEXT PRIMARY KEY,
    trace_id       TEXT NOT NULL,
    span_id        TEXT NOT NULL,
    parent_span_id TEXT,
    start_time     INTEGER NOT NULL,
    duration_ns    INTEGER NOT NULL,
    first_byte_ns  INTEGER,
    kind           TEXT NOT NULL,
    service        TEXT NOT NULL,
    environment    TEXT NOT NULL,
    source         TEXT,
    outcome        TEXT,
    method         TEXT,
    host           TEXT,
    path           TEXT,
    route          TEXT,
    status         INTEGER,
    client         TEXT,
    error_type     TEXT,
    request_size   INTEGER,
    response_size  INTEGER,
    loss_reason    TEXT,
    loss_count     INTEGER,
    json           TEXT NOT NULL
);
CREATE INDEX events_start_time ON events (start_time);
CREATE INDEX events_trace_id ON events (trace_id);
CREATE INDEX events_failed ON events (start_time) WHERE status >= 400 OR outcome <> 'completed';
CREATE INDEX events_lost ON events (start_time) WHERE kind = 'loss';
CREATE TABLE position (
    spool TEXT PRIMARY KEY,
    next  INTEGER NOT NULL
);
";

/// Sets the connection up, and lays the tables out in a new store.
pub(super) fn prepare(store: &Connection) -> rusqlite::Result<()> {
    // The viewer reads meanwhile, and a checkpoint may wait for it.
    store.busy_timeout(Duration::from_secs(5))?;
    store.pragma_update(None, "journal_mode", "WAL")?;
    store.pragma_update(None, "synchronous", "FULL")?;
    let version: i64 = store.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version < VERSION {
        store
            .execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;"))?;
    }
    Ok(())
}
