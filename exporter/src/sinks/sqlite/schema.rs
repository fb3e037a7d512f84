//! The store's tables.

use rusqlite::Connection;

/// What `PRAGMA user_version` says of a store that is laid out as below.
pub(super) const VERSION: i64 = 3;

/// What `PRAGMA application_id` says of a store since version 2: "offp".
const APPLICATION: i64 = 0x6f66_6670;

/// Times in nanoseconds, sizes in bytes; `json` is the event as `event.schema.json` describes it. What a kind
/// of event does not have is NULL. `seq` grows with each event that is stored, and is never used twice: who reads
/// what is behind the last one that it knows misses nothing.
///
/// The viewer's questions are those of `exporter/tests/store.rs`. `events_listed` answers most of them: it is in the
/// order of time, so that new rows go to its end, and holds all that lists are filtered by, so that a million rows are
/// passed over without reading one. What is rare and asked for by itself has an index that only it is in; that of sessions
/// has what a session is summed up from.
///
/// In the sums (`sums.rs`) `step` and `time`, when it begins, are in seconds, and what is not known is empty.
const TABLES: &str = "
CREATE TABLE events (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    id             TEXT NOT NULL UNIQUE,
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
    rule           TEXT,
    failed         INTEGER NOT NULL,
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
    user_id        TEXT,
    session_id     TEXT,
    name           TEXT,
    level          TEXT,
    system         TEXT,
    operation      TEXT,
    model          TEXT,
    input_tokens   INTEGER,
    output_tokens  INTEGER,
    total_tokens   INTEGER,
    cost_usd       REAL,
    first_token_ns INTEGER,
    top            INTEGER NOT NULL,
    usage_counts   INTEGER NOT NULL,
    trace_input_tokens  INTEGER,
    trace_output_tokens INTEGER,
    trace_cost_usd REAL,
    score_value    REAL,
    score_text     TEXT,
    loss_reason    TEXT,
    loss_count     INTEGER,
    json           TEXT NOT NULL
);
CREATE INDEX events_listed ON events (
    start_time, duration_ns, kind, top, failed, status, method, route, service, environment, source, model, cost_usd,
    trace_cost_usd
);
CREATE INDEX events_trace ON events (trace_id, start_time);
CREATE INDEX events_user ON events (user_id, start_time) WHERE user_id IS NOT NULL;
CREATE INDEX events_session ON events (
    session_id, start_time, top, failed, trace_input_tokens, trace_output_tokens, trace_cost_usd
) WHERE session_id IS NOT NULL;
CREATE INDEX events_session_listed ON events (start_time, session_id, user_id, service) WHERE session_id IS NOT NULL;
CREATE INDEX events_failed ON events (start_time) WHERE failed;
CREATE INDEX events_lost ON events (start_time) WHERE kind = 'loss';
CREATE TABLE position (
    spool TEXT PRIMARY KEY,
    next  INTEGER NOT NULL
);
CREATE TABLE request_sums (
    step          INTEGER NOT NULL,
    time          INTEGER NOT NULL,
    service       TEXT NOT NULL,
    environment   TEXT NOT NULL,
    source        TEXT NOT NULL,
    route         TEXT NOT NULL,
    count         INTEGER NOT NULL,
    failed        INTEGER NOT NULL,
    durations     BLOB NOT NULL,
    first_tokens  BLOB NOT NULL,
    input_tokens  INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost_usd      REAL NOT NULL,
    PRIMARY KEY (step, time, service, environment, source, route)
) WITHOUT ROWID;
CREATE TABLE model_sums (
    step          INTEGER NOT NULL,
    time          INTEGER NOT NULL,
    service       TEXT NOT NULL,
    environment   TEXT NOT NULL,
    source        TEXT NOT NULL,
    system        TEXT NOT NULL,
    model         TEXT NOT NULL,
    count         INTEGER NOT NULL,
    failed        INTEGER NOT NULL,
    durations     BLOB NOT NULL,
    first_tokens  BLOB NOT NULL,
    input_tokens  INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost_usd      REAL NOT NULL,
    PRIMARY KEY (step, time, service, environment, source, system, model)
) WITHOUT ROWID;
";

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing yet.
    Nothing,
    /// A store of this version.
    Store(i64),
    /// A database that is none of ours.
    Foreign,
}

/// Looks what is there.
pub(super) fn content(store: &Connection) -> rusqlite::Result<Content> {
    let version: i64 = store.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i64 = store.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let has = "SELECT count(*) FROM sqlite_schema WHERE ?1 IN ('', name)";
    let tables = |name: &str| store.query_row(has, [name], |row| row.get::<_, i64>(0));
    Ok(if tables("")? == 0 {
        Content::Nothing
    } else if application == APPLICATION || (application == 0 && version == 1 && tables("position")? == 1) {
        Content::Store(version)
    } else {
        Content::Foreign
    })
}

/// Lays the tables out in a new store.
pub(super) fn create(store: &Connection) -> rusqlite::Result<()> {
    // An event of 1 KB makes a row of 2 KB; on smaller pages half of the space would be lost between rows.
    store.pragma_update(None, "page_size", 8192)?;
    // Before the first page is written: so that the space of what goes can be given back, a little at a time.
    store.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    store.execute_batch(&format!(
        "BEGIN IMMEDIATE; {TABLES} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
    ))
}
