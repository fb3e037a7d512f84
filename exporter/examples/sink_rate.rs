//! How many events of 1 KB a second each local sink takes from the spool.
//!
//! Fills the rings of an exporter whose sink is the one that is measured, and waits until it has delivered
//! all. Prints one line of JSON per sink. `sink_rate [EVENTS]`, 200,000 unless told.

use std::{
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use offpath_core::event::{Body, Event, Exchange, Kind, Message, SCHEMA};
use offpath_exporter::{config::Settings, exporter::Exporter, ids};
use offpath_ring::{Options, Producer};
use serde_json::json;

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let events: u64 = std::env::args().nth(1).map_or(Ok(200_000), |events| events.parse())?;
    for sink in ["sqlite", "jsonl"] {
        let place = tempfile::tempdir()?;
        let rings = tempfile::tempdir_in("/dev/shm")?;
        let seconds = deliver(sink, place.path(), &rings.path().join("r"), events)?;
        let line = json!({"sink": sink, "events": events, "seconds": seconds, "events_per_second": events as f64 / seconds});
        writeln!(std::io::stdout(), "{line}")?;
    }
    Ok(())
}

fn deliver(sink: &str, place: &Path, rings: &Path, events: u64) -> Result<f64, Failed> {
    let mut settings = json!({"exporter": {"data_dir": place.join("data")}, "sinks": {"it": {"type": sink}}});
    if sink == "jsonl" {
        settings["sinks"]["it"]["path"] = json!(place.join("events.jsonl"));
    }
    let settings = Settings::from_json(&settings, &|_| None).map_err(|errors| format!("{errors:?}"))?;
    let exporter = Exporter::start(&settings, rings)?;
    let view = exporter.view();
    let mut ring = Producer::create(rings, &Options { capacity: 8 << 20 })?;
    let started = Instant::now();
    for id in 1..=events {
        while ring.capacity() - ring.used() < 2 * ring.max_record() {
            std::thread::sleep(Duration::from_millis(1));
        }
        ring.write(1, &event(id).to_bytes())?;
    }
    while view.spool.end() < events || !view.backlogs().is_empty() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let seconds = started.elapsed().as_secs_f64();
    drop(ring);
    exporter.stop(Duration::from_secs(10));
    Ok(seconds)
}

/// An exchange whose encoding takes about 1 KB, with an id of its own.
fn event(id: u64) -> Event {
    let body = |size: usize| Message {
        body: Some(Body { size: size as u64, head: vec![b'x'; size], ..Body::default() }),
        ..Message::default()
    };
    let start_unix_ns = ids::now_unix_ns();
    let (id_high, _) = ids::event_id(start_unix_ns);
    Event {
        schema: SCHEMA,
        id_high,
        id_low: id,
        trace_id_high: ids::random_u64(),
        trace_id_low: id,
        start_unix_ns,
        service: "bench".to_owned(),
        source: "asgi".to_owned(),
        kind: Some(Kind::Exchange(Exchange {
            method: "POST".to_owned(),
            path: "/v1/chat/completions".to_owned(),
            status: 200,
            request: Some(body(400)),
            response: Some(body(450)),
            ..Exchange::default()
        })),
        ..Event::default()
    }
}
