use std::collections::BTreeMap;

use offpath_exporter::{
    ids,
    sinks::{Batch, Built, Kind, Sink, SinkSettings, redis::Settings},
    spool::Cursor,
    streams,
};

use super::STREAM;
use crate::framework::{events::exchange, redis::Server};

/// A sink whose stream is always over its mark, so that each batch has it trimmed.
fn trimming_sink(redis: &Server) -> Box<dyn Sink> {
    let settings = Settings::of(streams::Server::at(&redis.url()), STREAM).expect("a name");
    let settings = Settings { max_entries: 1, ..settings };
    let Built::OneByOne(sink) = (SinkSettings { name: "s".to_owned(), kind: Kind::Redis(settings) }).build()
    else {
        panic!("Redis takes no HTTP");
    };
    sink
}

fn below(bound: usize) -> usize {
    usize::try_from(ids::random_u64() % bound as u64).expect("small")
}

/// One group: what it was given, and what of that it has not acknowledged.
#[derive(Debug, Default)]
struct Group {
    pending: Vec<String>,
    given: usize,
}

/// Entries that a group was never given, or has not acknowledged, are never removed; all else is, but for one.
#[test]
fn nothing_goes_that_any_group_has_not_read_and_acknowledged() {
    let redis = Server::start(&[]);
    let mut connection = redis.connect();
    for _ in 0..40 {
        let () = redis.ask(&["FLUSHALL"]);
        // Times and numbers that differ in length, for which no comparison as text will do.
        let mut ids: Vec<String> = Vec::new();
        let (mut time, mut number) = (0, 0);
        for _ in 0..=below(200) {
            match below(3) {
                0 => (time, number) = (time + 1 + below(200), below(20)),
                _ => number += 1 + below(9),
            }
            let id = format!("{time}-{number}");
            redis::cmd("XADD").arg(STREAM).arg(&[&id, "e", ""]).exec(&mut connection).expect("added");
            ids.push(id);
        }
        let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
        for name in ["one", "two"] {
            let () = redis.ask(&["XGROUP", "CREATE", STREAM, name, "0"]);
            let mut group = Group { given: below(ids.len() + 1), ..Group::default() };
            if group.given > 0 {
                let count = group.given.to_string();
                let () =
                    redis.ask(&["XREADGROUP", "GROUP", name, "c", "COUNT", &count, "STREAMS", STREAM, ">"]);
            }
            for id in &ids[..group.given] {
                if below(8) > 0 {
                    let () = redis.ask(&["XACK", STREAM, name, id]);
                } else {
                    group.pending.push(id.clone());
                }
            }
            groups.insert(name, group);
        }
        let mut sink = trimming_sink(&redis);
        let _ = sink.open(&Cursor::default());
        let batch = Batch { events: vec![exchange(1)], next: 1, ..Batch::default() };
        let _ = sink.deliver(&batch);
        let left: Vec<(String, Vec<String>)> =
            redis::cmd("XRANGE").arg(&[STREAM, "-", "+"]).query(&mut connection).expect("a range");
        let left: Vec<&str> =
            left.iter().map(|(id, _)| id.as_str()).filter(|id| ids.iter().any(|i| i == id)).collect();
        let place = |id: &String| ids.iter().position(|other| other == id).expect("known");
        let needed = groups.values().map(|group| {
            // The last that it was given stays.
            group
                .pending
                .first()
                .map_or(group.given.saturating_sub(1), place)
                .min(group.given.saturating_sub(1))
        });
        let first = needed.min().expect("two groups");
        assert_eq!(left, ids[first..].iter().map(String::as_str).collect::<Vec<_>>(), "{groups:?}");
    }
}

#[test]
fn a_stream_that_no_group_reads_keeps_all() {
    let redis = Server::start(&[]);
    let mut sink = trimming_sink(&redis);
    sink.open(&Cursor::default()).expect("open");
    sink.deliver(&Batch { events: (1..11).map(exchange).collect(), next: 10, ..Batch::default() })
        .expect("delivered");
    let error = sink.deliver(&Batch { events: vec![exchange(11)], next: 11, ..Batch::default() });
    assert_eq!(error.expect_err("full").kind(), "stream_full");
    assert_eq!(redis.length(STREAM), 10);
}
