//! Stores for tests, filled by the sink.

use std::time::Duration;

use offpath_core::event::{Cost, Event, Exchange, Generation, Kind, Outcome, Span, Tokens};
use rusqlite::Connection;
use tempfile::TempDir;

use super::time::SECOND_NS;
use crate::{
    config, ids,
    sinks::{
        Batch, Sink as _,
        sqlite::{Bounds, Settings, Sqlite},
    },
    spool::Cursor,
};

/// A store, and the time that its events are told from.
pub(crate) struct Fixture {
    place: TempDir,
    pub(crate) begin: i64,
    count: u64,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let now = i64::try_from(ids::now_unix_ns()).expect("before 2262");
        // An hour ago, on the hour: the finest sums reach there.
        let begin = now - 3600 * SECOND_NS;
        let begin = begin - begin % (3600 * SECOND_NS);
        Self { place: tempfile::tempdir().expect("a directory"), begin, count: 0 }
    }

    /// Stores events, in this order, by a batch of their own.
    pub(crate) fn store(&mut self, events: Vec<Event>) {
        let path = self.place.path().join("offpath.db");
        let bounds = Bounds { max_age: Duration::from_hours(240), max_size: 1 << 30 };
        let mut sink = Sqlite::new(Settings { path, is_default: true, bounds });
        sink.open(&Cursor::default()).expect("open");
        let numbered = events.into_iter().map(|event| {
            self.count += 1;
            Event {
                id_low: self.count,
                start_unix_ns: event.start_unix_ns + self.begin.unsigned_abs(),
                ..event
            }
        });
        sink.deliver(&Batch { events: numbered.collect(), ..Batch::default() }).expect("delivered");
    }

    /// Of an exporter whose store this is.
    pub(crate) fn settings(&self) -> config::Live {
        let json = serde_json::json!({"exporter": {"data_dir": self.place.path()}});
        config::Live::new(config::Settings::from_json(&json, &|_| None).expect("valid"))
    }

    pub(crate) fn connection(&self) -> Connection {
        Connection::open(self.place.path().join("offpath.db")).expect("opened")
    }
}

/// An event of a trace, so many seconds after the beginning.
pub(crate) fn event(seconds: u64, trace: u64, span_id: u64, parent_span_id: u64, kind: Kind) -> Event {
    Event {
        trace_id_low: trace,
        span_id,
        parent_span_id,
        start_unix_ns: seconds * 1_000_000_000,
        duration_ns: 40_000_000,
        service: "chat-api".to_owned(),
        environment: "test".to_owned(),
        source: if matches!(kind, Kind::Exchange(_)) { "asgi" } else { "sdk" }.to_owned(),
        kind: Some(kind),
        ..Event::default()
    }
}

pub(crate) fn exchange(route: &str, status: u32) -> Exchange {
    Exchange { route: route.to_owned(), status, outcome: Outcome::Completed as i32, ..Exchange::default() }
}

/// A request that came in, in a trace of its own.
pub(crate) fn request(seconds: u64, route: &str, status: u32) -> Event {
    event(seconds, ids::random_u64(), 1, 0, Kind::Exchange(exchange(route, status)))
}

pub(crate) fn span(name: &str, generation: Option<Generation>) -> Kind {
    Kind::Span(Span { name: name.to_owned(), generation, ..Span::default() })
}

/// So many tokens in, half as many out, a cent.
pub(crate) fn generation(model: &str, input: u64) -> Generation {
    let tokens = |kind: &str, count| Tokens { kind: kind.to_owned(), count };
    Generation {
        system: "openai".to_owned(),
        request_model: model.to_owned(),
        usage: vec![tokens("input", input), tokens("output", input / 2)],
        cost: vec![Cost { kind: "total".to_owned(), usd: 0.01 }],
        first_token_ns: Some(10_000_000),
        ..Generation::default()
    }
}

/// How SQLite would answer, with as many parameters as there are.
pub(crate) fn plan(store: &Connection, sql: &str) -> String {
    let mut statement = store.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("valid SQL");
    let parameters = vec![rusqlite::types::Null; statement.parameter_count()];
    let details = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get("detail"));
    details.expect("a plan").collect::<rusqlite::Result<Vec<String>>>().expect("text").join("; ")
}
