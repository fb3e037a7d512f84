//! Stores of older versions are laid out anew, with all they hold.

use super::*;

/// What offpath wrote before there were spans.
const VERSION_1: &str = "
CREATE TABLE events (
    id TEXT PRIMARY KEY, trace_id TEXT NOT NULL, span_id TEXT NOT NULL, parent_span_id TEXT, start_time INTEGER NOT NULL,
    duration_ns INTEGER NOT NULL, first_byte_ns INTEGER, kind TEXT NOT NULL, service TEXT NOT NULL,
    environment TEXT NOT NULL, source TEXT, outcome TEXT, method TEXT, host TEXT, path TEXT, route TEXT, status INTEGER,
    client TEXT, error_type TEXT, request_size INTEGER, response_size INTEGER, loss_reason TEXT, loss_count INTEGER,
    json TEXT NOT NULL
);
CREATE TABLE position (spool TEXT PRIMARY KEY, next INTEGER NOT NULL);
INSERT INTO events VALUES ('00000000000000000000000000000001', 't', 's', NULL, 1795161600000000000, 8, NULL, 'exchange', 'chat-api', 'test',
    'asgi', 'completed', 'GET', 'h', '/', NULL, 500, NULL, NULL, 1, 2, NULL, NULL,
    '{\"rule\":\"chat\",\"user_id\":\"alice\",\"session_id\":null}');
INSERT INTO position VALUES ('0000000000000000', 41);
PRAGMA user_version = 1;
";

#[test]
fn a_store_of_version_1_is_laid_out_anew_with_all_it_holds() {
    let place = Place::with(STORE);
    fs::create_dir_all(place.data()).expect("made");
    let old = connection(&place);
    old.pragma_update(None, "journal_mode", "WAL").expect("set");
    old.execute_batch(VERSION_1).expect("written");
    drop(old);
    let mut sink = sink(&place, 10_000, 1 << 30);
    let sql = "SELECT json_array(id, rule, user_id, session_id, failed, status) FROM events";
    assert_eq!(place.query(sql), [r#"["00000000000000000000000000000001","chat","alice",null,1,500]"#]);
    assert_eq!(sink.open(&Cursor::default()).expect("open"), 41, "it goes on where it stood");
    assert_eq!(one::<i64>(&connection(&place), "PRAGMA auto_vacuum"), 2, "its space can be given back");
    assert!(!place.data().join("offpath.db.new").exists());
    deliver(&mut *sink, vec![recent(2)], 42);
    assert_eq!(place.stored(), [1, 2]);
}

#[test]
fn events_of_version_1_are_summed_up() {
    let place = Place::with(STORE);
    fs::create_dir_all(place.data()).expect("made");
    connection(&place).execute_batch(VERSION_1).expect("written");
    sink(&place, 10_000, 1 << 30);
    assert_eq!(place.query("SELECT json_array(top, usage_counts) FROM events"), ["[1,0]"]);
    let sums =
        "SELECT json_array(service, source, route, count, failed) FROM request_sums WHERE step = 86400";
    assert_eq!(place.query(sums), [r#"["chat-api","asgi","",1,1]"#]);
}

/// What offpath wrote before it said of each event where it stands in its trace.
const VERSION_2: &str = "
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
    score_value    REAL,
    score_text     TEXT,
    loss_reason    TEXT,
    loss_count     INTEGER,
    json           TEXT NOT NULL
);
CREATE INDEX events_listed ON events (
    start_time, duration_ns, kind, failed, status, method, route, service, environment,
    model, input_tokens, output_tokens, total_tokens, cost_usd, first_token_ns
);
CREATE INDEX events_trace ON events (trace_id, start_time);
CREATE INDEX events_user ON events (user_id, start_time) WHERE user_id IS NOT NULL;
CREATE INDEX events_session ON events (session_id, start_time) WHERE session_id IS NOT NULL;
CREATE INDEX events_failed ON events (start_time) WHERE failed;
CREATE INDEX events_lost ON events (start_time) WHERE kind = 'loss';
CREATE TABLE position (
    spool TEXT PRIMARY KEY,
    next  INTEGER NOT NULL
);
PRAGMA application_id = 1868981872;
PRAGMA user_version = 2;
";

/// A request of a minute ago, with an agent's span and two calls below it, as version 2 had them: children first.
const EVENTS_2: &str = "
INSERT INTO events (seq, id, trace_id, span_id, parent_span_id, start_time, duration_ns, kind, service, environment,
    source, failed, route, name, model, input_tokens, output_tokens, total_tokens, cost_usd, json)
SELECT column1, printf('%032x', column1), 't', column2, column3, 1000000000 * (unixepoch() - 60), 40000000, column4,
    'chat-api', 'test', column5, column1 = 9, column6, column7, column8, column9, column10, column9 + column10, column11,
    '{\"seq\":' || column1 || '}'
FROM (VALUES
    (5, 'c', 'b', 'generation', 'sdk', NULL, 'ask', 'gpt', 100, 10, 0.5),
    (6, 'd', 'b', 'generation', 'sdk', NULL, 'ask', 'gpt', 50, 5, 0.25),
    (7, 'b', 'a', 'agent', 'sdk', NULL, 'agent', 'gpt', 150, 15, 0.75),
    (9, 'a', NULL, 'exchange', 'asgi', '/agent', NULL, NULL, NULL, NULL, NULL)
);
INSERT INTO position VALUES ('0000000000000000', 41);
";

#[test]
fn a_store_of_version_2_is_laid_out_anew_with_what_each_event_is_in_its_trace_and_with_sums() {
    let place = Place::with(STORE);
    fs::create_dir_all(place.data()).expect("made");
    let old = connection(&place);
    old.execute_batch(VERSION_2).expect("written");
    old.execute_batch(EVENTS_2).expect("written");
    drop(old);
    let mut sink = sink(&place, 10_000, 1 << 30);
    let events = place.query(
        "SELECT json_array(seq, json ->> 'seq', top, usage_counts, trace_input_tokens, trace_output_tokens, trace_cost_usd)
         FROM events ORDER BY seq",
    );
    let expected = [
        "[5,5,0,1,null,null,null]",
        "[6,6,0,1,null,null,null]",
        "[7,7,0,0,null,null,null]",
        "[9,9,1,0,150,15,0.75]",
    ];
    assert_eq!(events, expected);
    let requests =
        "SELECT json_array(source, route, count, failed, input_tokens) FROM request_sums WHERE step = 60";
    assert_eq!(place.query(requests), [r#"["asgi","/agent",1,1,150]"#]);
    let models = "SELECT json_array(model, count, output_tokens, cost_usd) FROM model_sums WHERE step = 60";
    assert_eq!(place.query(models), [r#"["gpt",2,15,0.75]"#]);
    assert_eq!(sink.open(&Cursor::default()).expect("open"), 41, "it goes on where it stood");
    deliver(&mut *sink, vec![recent(2)], 42);
    assert_eq!(one::<i64>(&connection(&place), "SELECT max(seq) FROM events"), 10, "no number is used twice");
}
