//! Over HTTP: once in the end, whatever the backend and the network do.

/// What a backend answers, and what becomes of it.
mod answers;
/// Answers that come when the backend is left alone already.
mod late;
/// What many sinks hold together.
mod memory;
/// Nothing is lost, and nothing sent twice that need not be.
mod once;
/// Between the exporter and the backend.
mod proxies;
/// Events that a backend does not take.
mod refused;
/// TLS, and who is trusted.
mod tls;
/// What is sent again, what cannot be set aside, and which keys go along.
mod ways;

use std::{net::SocketAddr, path::PathBuf};

use offpath_ring::Producer;

use crate::framework::{
    Place, Running,
    events::write,
    eventually,
    receiver::{Receiver, Reply},
};

/// A sink that sends spans to `address`, in no batches worth waiting for, beside one that writes lines.
fn sinks(address: SocketAddr, more: &str) -> String {
    format!(
        "[sinks.web]\ntype = \"otlp\"\nendpoint = \"http://{address}/v1/traces\"\ntimeout = \"2s\"\n\
         batch = {{ max_age = \"10ms\", max_events = 20 }}\n{more}\n\
         [sinks.lines]\ntype = \"jsonl\"\npath = \"${{LINES}}\"\n"
    )
}

/// The same where the backend's name is one that no resolver has to ask anybody about: it is too long to be one.
fn sinks_without_an_address(more: &str) -> String {
    let sinks = sinks("127.0.0.1:1".parse().expect("an address"), more);
    sinks.replace("127.0.0.1:1/", &format!("{}.invalid/", "a".repeat(64)))
}

/// An exporter's place with such a sink.
fn place(address: SocketAddr, more: &str) -> Place {
    Place::with(&sinks(address, more))
}

fn all(ids: std::ops::Range<u128>) -> Vec<u128> {
    ids.collect()
}

/// Waits until the receiver has taken these events, each once.
fn arrives(receiver: &Receiver, ids: std::ops::Range<u128>) {
    eventually("all events arrive", || receiver.taken().len() >= ids.clone().count());
    assert_eq!(receiver.taken(), all(ids));
}

/// Waits until the exporter says that the sink is in this state, for a reason of this kind.
fn says(exporter: &Running, state: &str, kind: &str) {
    let (line, errors) = (
        format!("sink web: {state}: "),
        format!("offpath_sink_errors_total{{sink=\"web\",kind=\"{kind}\"}}"),
    );
    eventually(&format!("the sink is {state}"), || exporter.get("/readyz").1.contains(&line));
    eventually(&format!("errors of kind {kind} are counted"), || exporter.count(&errors) > 0);
    assert_eq!(exporter.count("offpath_sink_up{sink=\"web\"}"), 0);
    assert_eq!(exporter.count("offpath_sink_up{sink=\"lines\"}"), 1);
    assert!(exporter.log().contains("cannot deliver"), "{}", exporter.log());
}

/// Waits until the other sink has these, as if nothing were wrong.
fn others_get(place: &Place, ids: std::ops::Range<u128>) {
    eventually("the other sink has all", || place.listed().len() >= ids.clone().count());
    assert_eq!(place.listed(), all(ids));
}

/// Takes a request with these events, and none of them.
fn none_of(ids: &[u128]) -> Reply {
    let rejected = u8::try_from(ids.len()).expect("few");
    // partial_success { rejected_spans: … }
    let partly = String::from_utf8(vec![b'\n', 2, 8, rejected]).expect("ASCII");
    Reply::Status(200, "content-type: application/x-protobuf\r\n".to_owned(), partly)
}

/// The dead letters of the sink.
fn letters(place: &Place) -> Vec<u128> {
    let directory = place.data().join("dead-letters").join("web");
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let letters = paths.filter(|path| path.extension().is_some_and(|extension| extension == "letter"));
    let id = |path: PathBuf| u128::from_str_radix(path.file_stem()?.to_str()?, 16).ok();
    let mut ids: Vec<u128> = letters.filter_map(id).collect();
    ids.sort_unstable();
    ids
}

/// An app's ring with these events in it.
fn written(place: &Place, ids: std::ops::Range<u128>) -> Producer {
    let mut ring = place.ring(8 << 20);
    write(&mut ring, ids);
    ring
}
