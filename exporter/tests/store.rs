//! The local store: what the viewer asks of it, what it lets go, and what it does with a file that is not as it should be.

mod migration;
mod sums;
mod trace;

use std::{fs, os::unix::fs::FileExt as _, path::PathBuf, time::Duration};

use offpath_core::event::{Cost, Event, Exchange, Generation, Kind, Level, Score, Span, Tokens};
use offpath_exporter::{
    event_json, ids,
    sinks::{Batch, Built, Kind as SinkKind, Sink, SinkSettings, sqlite},
    spool::Cursor,
};
use rusqlite::Connection;
use serde_json::Value;

use crate::{
    framework::{
        Place,
        events::{EVENT, exchange, write},
        eventually,
        small_disk::SmallDisk,
    },
    otlp::whole::shapes::langfuse_sdk,
};

const STORE: &str = "[sinks.db]\ntype = \"sqlite\"\nmax_age = \"10000d\"\n";

fn file(place: &Place) -> PathBuf {
    place.data().join("offpath.db")
}

/// The sink by itself, open, with these bounds.
fn sink(place: &Place, max_age_days: u64, max_size: u64) -> Box<dyn Sink> {
    let bounds = sqlite::Bounds { max_age: Duration::from_hours(24 * max_age_days), max_size };
    let settings = sqlite::Settings { path: file(place), is_default: true, bounds };
    let built = SinkSettings { name: "db".to_owned(), kind: SinkKind::Sqlite(settings) }.build();
    let Built::OneByOne(mut sink) = built else { panic!("a file takes no requests") };
    sink.open(&Cursor::default()).expect("open");
    sink
}

fn deliver(sink: &mut dyn Sink, events: Vec<Event>, next: u64) {
    sink.deliver(&Batch { events, next, ..Batch::default() }).expect("delivered");
}

/// An exchange that began just now.
fn recent(id: u128) -> Event {
    Event { start_unix_ns: ids::now_unix_ns(), ..exchange(id) }
}

fn connection(place: &Place) -> Connection {
    Connection::open(file(place)).expect("opened")
}

fn one<T: rusqlite::types::FromSql>(store: &Connection, sql: &str) -> T {
    store.query_row(sql, [], |row| row.get(0)).expect(sql)
}

#[test]
fn each_question_of_the_viewer_is_answered_by_an_index() {
    let place = Place::with(STORE);
    sink(&place, 30, 1 << 30);
    let store = connection(&place);
    let newest = "ORDER BY start_time DESC, seq DESC LIMIT 50";
    for (condition, index) in [
        ("kind = 'exchange'", "events_listed"),
        ("route = '/chat'", "events_listed"),
        ("status = 503", "events_listed"),
        ("status >= 400 AND route = '/chat' AND model = 'gpt'", "events_listed"),
        ("model = 'gpt'", "events_listed"),
        ("duration_ns > 2000000000", "events_listed"),
        ("cost_usd > 0.1", "events_listed"),
        ("start_time BETWEEN 1 AND 2 AND method = 'POST'", "events_listed (start_time>? AND start_time<?)"),
        ("user_id = 'alice'", "events_user (user_id=?)"),
        ("session_id = 's-1'", "events_session (session_id=?)"),
        ("trace_id = '00000000000000000000000000000001'", "events_trace (trace_id=?)"),
        ("failed", "events_failed"),
        ("kind = 'loss' AND start_time > 1", "events_lost (start_time>?)"),
        ("id = '00000000000000000000000000000001'", "sqlite_autoindex_events_1 (id=?)"),
        ("seq > 1000", "INTEGER PRIMARY KEY (rowid>?)"),
    ] {
        let order = if condition.starts_with("seq") { "ORDER BY seq LIMIT 50" } else { newest };
        let plan = plan(&store, &format!("SELECT seq, json FROM events WHERE {condition} {order}"));
        assert!(plan.contains(index), "{condition}: {plan}");
    }
    // What fits no row of a million is found out without reading one.
    let listed = "SELECT seq FROM events WHERE source = 'asgi' AND environment = 'test' AND top
         AND iif(top, trace_cost_usd, cost_usd) > 0.1 ORDER BY start_time DESC LIMIT 50";
    assert!(plan(&store, listed).contains("COVERING INDEX events_listed"));
    let overview = "SELECT count FROM request_sums WHERE step = 60 AND time >= 1 AND time < 2 ORDER BY time";
    assert_eq!(
        plan(&store, overview),
        "SEARCH request_sums USING PRIMARY KEY (step=? AND time>? AND time<?)"
    );
    let sessions = "SELECT start_time, session_id FROM events WHERE session_id IS NOT NULL
         ORDER BY start_time DESC, session_id DESC";
    assert_eq!(plan(&store, sessions), "SCAN events USING COVERING INDEX events_session_listed");
}

fn plan(store: &Connection, sql: &str) -> String {
    let mut statement = store.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect(sql);
    let lines = statement.query_map([], |row| row.get::<_, String>("detail")).expect(sql);
    lines.map(|line| line.expect("text")).collect::<Vec<_>>().join("; ")
}

#[test]
fn what_a_model_did_has_columns_of_its_own() {
    let place = Place::with(STORE);
    let mut sink = sink(&place, 10_000, 1 << 30);
    let tokens = |kind: &str, count| Tokens { kind: kind.to_owned(), count };
    let generation = Generation {
        system: "openai".to_owned(),
        operation: "chat".to_owned(),
        request_model: "gpt-4o".to_owned(),
        // Columns are all of what went in, and all of what came out.
        usage: vec![
            tokens("input", 40),
            tokens("input_cached_tokens", 10),
            tokens("output", 3),
            tokens("output_reasoning_tokens", 2),
            tokens("total", 55),
        ],
        cost: vec![Cost { kind: "total".to_owned(), usd: 0.5 }],
        first_token_ns: Some(30),
        ..Generation::default()
    };
    let of_exchange = Exchange { generation: Some(generation.clone()), status: 200, ..Exchange::default() };
    let span = Span {
        name: "answer".to_owned(),
        level: Level::Error as i32,
        generation: Some(generation),
        ..Span::default()
    };
    let whose = |id, kind| Event {
        user_id: "alice".to_owned(),
        session_id: "s-1".to_owned(),
        kind: Some(kind),
        ..recent(id)
    };
    deliver(&mut *sink, vec![whose(1, Kind::Exchange(of_exchange)), whose(2, Kind::Span(span))], 2);
    let sql = "SELECT json_array(user_id, session_id, system, operation, model, input_tokens, output_tokens, total_tokens,
               cost_usd, first_token_ns, name, level, failed) FROM events ORDER BY seq";
    let what = |name: &str| format!(r#"["alice","s-1","openai","chat","gpt-4o",50,5,55,0.5,30,{name},1]"#);
    // The exchange did not say that it completed.
    assert_eq!(place.query(sql), [what("null,null"), what(r#""answer","ERROR""#)]);
}

#[test]
fn a_span_of_opentelemetry_has_the_columns_of_any_other_and_comes_back_whole() {
    let place = Place::with(STORE);
    let mut sink = sink(&place, 10_000, 1 << 30);
    let event = Event { start_unix_ns: recent(1).start_unix_ns, ..langfuse_sdk("5.0.4") };
    deliver(&mut *sink, vec![event.clone()], 1);
    let sql = "SELECT json_array(kind, source, name, level, user_id, session_id, environment, model, input_tokens, output_tokens,
               cost_usd > 0, failed) FROM events";
    let row = r#"["generation","otel","answer","WARNING","alice","s-1","staging","gpt-4o",50,5,1,0]"#;
    assert_eq!(place.query(sql), [row]);
    let json = &place.query("SELECT json FROM events")[0];
    assert_eq!(*json, event_json::to_string(&event));
    let again = event_json::read(json.as_bytes()).expect("an event");
    let otel = |event: &Event| match &event.kind {
        Some(Kind::Span(span)) => span.otel.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(otel(&again), otel(&event));
}

#[test]
fn a_score_has_its_value_in_the_column_of_its_type() {
    let place = Place::with(STORE);
    let mut sink = sink(&place, 10_000, 1 << 30);
    let score = |id, value, text: &str| Event {
        kind: Some(Kind::Score(Score {
            name: "helpful".to_owned(),
            value,
            text: text.to_owned(),
            ..Score::default()
        })),
        ..recent(id)
    };
    deliver(&mut *sink, vec![score(1, Some(0.5), ""), score(2, None, "good")], 2);
    let sql = "SELECT json_array(kind, name, score_value, score_text) FROM events ORDER BY seq";
    assert_eq!(place.query(sql), [r#"["score","helpful",0.5,null]"#, r#"["score","helpful",null,"good"]"#]);
}

#[test]
fn events_that_come_again_are_stored_once_and_counted() {
    let place = Place::with(STORE);
    let mut sink = sink(&place, 10_000, 1 << 30);
    deliver(&mut *sink, (1..11).map(recent).collect(), 10);
    assert_eq!(sink.take_repeated(), 0);
    deliver(&mut *sink, (6..16).map(recent).collect(), 20);
    assert_eq!(sink.take_repeated(), 5);
    assert_eq!(place.stored(), (1..16).collect::<Vec<u128>>());
}

#[test]
fn what_is_older_than_the_age_bound_goes() {
    let place = Place::with("[sinks.db]\ntype = \"sqlite\"\nmax_age = \"30d\"\n");
    let _exporter = place.run();
    let mut ring = place.ring(1 << 20);
    let old = Event { start_unix_ns: ids::now_unix_ns() - 31 * 86_400 * 1_000_000_000, ..exchange(1) };
    ring.write(EVENT, &old.to_bytes()).expect("room");
    ring.write(EVENT, &recent(2).to_bytes()).expect("room");
    eventually("the young one is there alone", || place.stored() == [2]);
}

#[test]
fn at_the_size_bound_the_first_to_come_go_and_the_file_stays_within_it() {
    const MAX: i64 = 4 << 20;
    let place = Place::with(STORE);
    let mut sink = sink(&place, 10_000, MAX.unsigned_abs());
    for batch in 0..20 {
        let first = batch * 500 + 1;
        deliver(&mut *sink, (first..first + 500).map(recent).collect(), u64::try_from(first).expect("small"));
    }
    let stored = place.stored();
    assert_eq!(stored.last(), Some(&10_000));
    assert!(stored[0] > 1 && stored.len() > 500, "{} from {}", stored.len(), stored[0]);
    let store = connection(&place);
    let used = "SELECT (page_count - freelist_count) * page_size
                FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
    let used: i64 = one(&store, used);
    assert!(used <= MAX + MAX / 8, "{used} bytes");
}

#[test]
fn space_goes_back_when_the_bound_is_lowered_though_nothing_comes() {
    let place = Place::with(STORE);
    let mut writer = sink(&place, 10_000, 1 << 30);
    deliver(&mut *writer, (1..12_001).map(recent).collect(), 12_000);
    drop(writer);
    let before = fs::metadata(file(&place)).expect("there").len();
    assert!(before > 16 << 20, "{before}");
    place.configure("", "[sinks.db]\ntype = \"sqlite\"\nmax_size = \"2MiB\"\n");
    let _exporter = place.run();
    eventually("the file is small", || fs::metadata(file(&place)).expect("there").len() < 8 << 20);
    assert_eq!(place.stored().last(), Some(&12_000));
}

/// Readies the place with a store, and says what opening it is refused with.
fn refused(place: &Place, prepare: &str) -> String {
    fs::create_dir_all(place.data()).expect("made");
    connection(place).execute_batch(prepare).expect("written");
    let exporter = place.run();
    let mut said = String::new();
    eventually("it is refused", || {
        said = exporter.get("/readyz").1;
        said.contains("sink db")
    });
    said
}

#[test]
fn a_store_of_a_newer_version_is_refused_and_left_alone() {
    let place = Place::with(STORE);
    drop(sink(&place, 30, 1 << 30));
    let said = refused(&place, "PRAGMA user_version = 99");
    assert!(said.contains("version 99") && said.contains("run a newer one"), "{said}");
    assert_eq!(one::<i64>(&connection(&place), "PRAGMA user_version"), 99);
}

#[test]
fn another_program_s_database_is_refused_and_left_alone() {
    let place = Place::with(STORE);
    let said = refused(&place, "CREATE TABLE theirs (a)");
    assert!(said.contains("another program's database"), "{said}");
    assert_eq!(one::<i64>(&connection(&place), "SELECT count(*) FROM sqlite_schema"), 1);
}

#[test]
fn a_file_that_is_no_database_is_refused_where_a_user_named_it() {
    let place = Place::with("[sinks.db]\ntype = \"sqlite\"\npath = \"${LINES}\"\n");
    fs::write(
        place.lines_file(),
        "precious, and long enough to have a header that is none of a database's".repeat(20),
    )
    .expect("written");
    let exporter = place.run();
    eventually("it is refused", || exporter.get("/readyz").1.contains("not a database"));
    assert!(fs::read_to_string(place.lines_file()).expect("there").starts_with("precious"));
}

/// Files that were moved aside.
fn damaged(place: &Place) -> Vec<PathBuf> {
    let entries = fs::read_dir(place.data()).expect("listed").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.to_string_lossy().contains("offpath.db.damaged-")).collect()
}

#[test]
fn a_damaged_store_is_moved_aside_and_a_new_one_takes_what_comes() {
    let place = Place::with(STORE);
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..101);
    let exporter = place.run();
    eventually("all is stored", || place.stored().len() == 100);
    assert!(exporter.stop().success());
    let store = fs::File::options().write(true).open(file(&place)).expect("opened");
    store.write_all_at(&[0xA5; 64 << 10], 4096).expect("written");
    let exporter = place.run();
    write(&mut ring, 101..111);
    eventually("it is moved aside", || damaged(&place).len() == 1);
    eventually("what comes is stored", || place.stored().ends_with(&[109, 110]));
    assert!(exporter.log().contains("the store is damaged"), "{}", exporter.log());
    eventually("it is well again", || exporter.get("/readyz").0 == 200);
}

#[test]
fn where_one_store_after_the_other_breaks_no_more_are_begun() {
    let place = Place::with(STORE);
    fs::create_dir_all(place.data()).expect("made");
    for time in 1..4 {
        fs::write(place.data().join(format!("offpath.db.damaged-{time}")), "").expect("written");
    }
    fs::write(file(&place), [0xA5; 8192]).expect("written");
    let exporter = place.run();
    eventually("it says so", || exporter.get("/readyz").1.contains("look after the disk"));
    assert_eq!(damaged(&place).len(), 3);
}

#[test]
fn a_full_disk_holds_the_store_up_and_costs_no_event() {
    let place = Place::with("");
    place.configure("spool = { max_size = \"1MiB\" }", STORE);
    let Some(disk) = SmallDisk::run(&place) else { return };
    let mut ring = place.ring(1 << 20);
    // More than is left, in spool and store together.
    write(&mut ring, 1..301);
    eventually("it says that the disk is full", || {
        disk.get("/metrics").1.contains("offpath_sink_errors_total{sink=\"db\",kind=\"disk_full\"}")
    });
    disk.make_room();
    eventually("all is stored", || {
        disk.get("/metrics").1.contains("offpath_sink_sent_total{sink=\"db\"} 300\n")
    });
    assert!(!disk.get("/metrics").1.contains("offpath_sink_repeated_total{"), "and nothing twice");
    eventually("it is ready again", || disk.get("/readyz").0 == 200);
}

#[test]
fn the_json_of_a_row_is_the_event_s() {
    let place = Place::with(STORE);
    let mut sink = sink(&place, 10_000, 1 << 30);
    deliver(&mut *sink, vec![recent(7)], 1);
    let json: Value = serde_json::from_str(&place.query("SELECT json FROM events")[0]).expect("JSON");
    assert_eq!((&json["id"], &json["status"]), (&"00000000000000000000000000000007".into(), &200.into()));
}
