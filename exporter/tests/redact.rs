//! What events hold of secrets, and what is left of it on the disk and in what is served.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use offpath_core::{
    batch::Envelope,
    event::{Body, Error, Event, Exchange, Header, Kind, Message, Unsampled},
    mask::REDACTED,
    treatment::{Identity, JsonField, Treatment},
};

use crate::framework::{
    Place,
    envoy::{EPOCH, Protocol, batch_of, post},
    events::{EVENT, exchange},
    eventually,
};

/// Nothing of it is in any other text here.
const SECRET: &str = "sk-proj-Zq7xJ0vK4wQ9Zq7xJ0vK4wQ9Zq7xJ0vK4wQ9";
const PASSWORD: &str = "correct horse Zq7xJ0vK battery";

fn exchange_of(event: &mut Event) -> &mut Exchange {
    match &mut event.kind {
        Some(Kind::Exchange(exchange)) => exchange,
        _ => unreachable!("it is an exchange"),
    }
}

/// An exchange with this response.
fn answered(id: u128, content_type: &str, content_encoding: &str, body: Body) -> Event {
    let mut event = exchange(id);
    let header = |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned() };
    let headers = vec![header("content-type", content_type), header("content-encoding", content_encoding)];
    exchange_of(&mut event).response = Some(Message { headers, body: Some(body), ..Message::default() });
    event
}

fn whole(bytes: &[u8]) -> Body {
    Body { size: bytes.len() as u64, head: bytes.to_vec(), ..Body::default() }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("written");
    encoder.finish().expect("encoded")
}

/// Secrets in each place, in several forms.
fn events() -> Vec<Event> {
    let json =
        format!(r#"{{"a": [{{"api_key": "{SECRET}"}}], "b": "x {SECRET} y", "password": "{PASSWORD}"}}"#);
    let stream =
        format!("data: {{\"delta\": \"key {SECRET}\"}}\n\ndata: {{\"password\": \"{PASSWORD}\"}}\n\n");
    let form = format!("user=ann&password={}&note={SECRET}", PASSWORD.replace(' ', "+"));
    let cut = Body { size: 1 << 20, tail: json.clone().into_bytes(), ..whole(json.as_bytes()) };
    // The limit goes through the secret.
    let at = json.find(SECRET).and_then(|at| u32::try_from(at + 20).ok());
    let limited = Body { size: 1 << 20, head_limit: at, tail_limit: Some(0), ..whole(json.as_bytes()) };
    let mut beside = exchange(7);
    let exchange = exchange_of(&mut beside);
    exchange.path = format!("/a/{SECRET}/b");
    exchange.query = format!("q={SECRET}");
    exchange.error = Some(Error { r#type: "ValueError".to_owned(), message: format!("no {SECRET}") });
    exchange.request = Some(Message {
        headers: vec![Header { name: "x-any".to_owned(), value: format!("Bearer {SECRET}") }],
        ..Message::default()
    });
    beside.user_id = SECRET.to_owned();
    vec![
        answered(1, "application/json", "", whole(json.as_bytes())),
        answered(2, "application/json", "gzip", whole(&gzip(&json))),
        answered(3, "text/event-stream", "", whole(stream.as_bytes())),
        answered(4, "application/x-www-form-urlencoded", "", whole(form.as_bytes())),
        answered(5, "application/json", "", cut),
        answered(6, "application/json", "", limited),
        beside,
    ]
}

/// All files under a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("listed").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Asserts that no file, but the rings that apps write, holds a secret or a telling part of one.
fn assert_no_secret(place: &Place) {
    let mut looked_at = 0;
    for path in files(place.path()).into_iter().filter(|path| !path.starts_with(place.rings())) {
        let bytes = fs::read(&path).expect("read");
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("Zq7xJ0vK"), "{} holds a secret", path.display());
        looked_at += bytes.len();
    }
    assert!(looked_at > 10_000, "{looked_at} bytes");
}

#[test]
fn no_secret_in_an_event_of_a_ring_comes_to_any_file() {
    let place = Place::new();
    let exporter = place.run();
    let mut ring = place.ring(1 << 20);
    let events = events();
    events.iter().for_each(|event| assert!(ring.write(EVENT, &event.to_bytes()).is_ok()));
    eventually("all is stored", || place.stored().len() == events.len());
    eventually("all is in the file", || place.listed().len() == events.len());
    assert_no_secret(&place);
    assert!(exporter.count("offpath_masked_total") >= 15);
    assert!(place.lines().iter().all(|line| line.to_string().contains(REDACTED)));
}

#[test]
fn no_secret_in_an_event_of_envoys_comes_to_any_file() {
    let place = Place::new();
    let _exporter = place.run();
    let events = events();
    let envelope = Envelope { epoch: EPOCH, lane: 0, first_sequence: 1 };
    place.post(batch_of(events.iter().map(Event::to_bytes), &envelope, &[]));
    eventually("all is stored", || place.stored().len() == events.len());
    eventually("all is in the file", || place.listed().len() == events.len());
    assert_no_secret(&place);
}

#[test]
fn what_rules_ask_for_that_this_version_cannot_do_withholds_what_it_is_for() {
    let place = Place::new();
    let exporter = place.run();
    let mut ring = place.ring(1 << 20);
    let treatment = Treatment { patterns: vec!["iris_scan".to_owned()], ..Treatment::standard() };
    for mut event in events() {
        event.treatment = treatment.to_bytes();
        ring.write(EVENT, &event.to_bytes()).expect("room");
    }
    eventually("all is in the file", || place.listed().len() == events().len());
    assert_no_secret(&place);
    let body = &place.lines()[0]["response"]["body"];
    assert_eq!((&body["head"], &body["withheld"]), (&"".into(), &"unusable rules".into()));
    assert!(exporter.count("offpath_withheld_total{reason=\"unusable rules\"}") >= 6);
    assert_eq!(exporter.log().matches("iris_scan").count(), 1, "it is told once");
}

#[test]
fn who_an_event_is_of_is_read_from_its_json() {
    let place = Place::new();
    let _exporter = place.run();
    let field =
        |identity: Identity, key: &str| JsonField { identity: identity as i32, path: vec![key.to_owned()] };
    let identity = vec![field(Identity::User, "user"), field(Identity::Environment, "stage")];
    let mut event = exchange(1);
    event.treatment = Treatment { identity, ..Treatment::standard() }.to_bytes();
    let request = exchange_of(&mut event).request.as_mut().expect("a request");
    request.body = Some(whole(br#"{"user": "alice", "stage": "canary", "messages": []}"#));
    place.ring(1 << 20).write(EVENT, &event.to_bytes()).expect("room");
    eventually("it is in the file", || place.listed() == [1]);
    let line = &place.lines()[0];
    assert_eq!((&line["user_id"], &line["environment"]), (&"alice".into(), &"canary".into()));
}

/// One that sampling left out.
fn unsampled(status: u32) -> Vec<u8> {
    let kind = Unsampled { method: "GET".to_owned(), route: "/r".to_owned(), status, ..Unsampled::default() };
    let event = Event { kind: Some(Kind::Unsampled(kind)), service: "s".to_owned(), ..exchange(1) };
    event.to_bytes()
}

const COUNTED: &str =
    "offpath_request_duration_seconds_count{service=\"s\",route=\"/r\",method=\"GET\",status=\"204\"}";

#[test]
fn a_request_that_sampling_left_out_is_counted_and_not_stored() {
    let place = Place::new();
    let exporter = place.run();
    let mut ring = place.ring(1 << 20);
    for _ in 0..100 {
        ring.write(EVENT, &unsampled(204)).expect("room");
    }
    eventually("the ring is free", || ring.used() == 0);
    eventually("all are counted", || exporter.count("offpath_unsampled_total{source=\"asgi\"}") == 100);
    assert_eq!(exporter.count(COUNTED), 100);
    ring.write(EVENT, &exchange(7).to_bytes()).expect("room");
    eventually("what follows is stored", || place.stored() == [7] && place.listed() == [7]);
    assert_eq!(exporter.count("offpath_events_total{source=\"asgi\"}"), 1);
}

#[test]
fn requests_that_sampling_left_out_count_once_if_their_batch_comes_twice() {
    let place = Place::new();
    let exporter = place.run();
    place.connect();
    let envelope = Envelope { epoch: EPOCH, lane: 0, first_sequence: 1 };
    let batch =
        || batch_of([unsampled(204), unsampled(204), exchange(3).to_bytes(), unsampled(204)], &envelope, &[]);
    for _ in 0..2 {
        let answer = post(&place.socket(), Protocol::Http2, batch()).expect("an answer");
        assert_eq!(answer.status, 204);
    }
    assert_eq!(exporter.count(COUNTED), 3);
    assert_eq!(exporter.count("offpath_batches_total{result=\"repeated\"}"), 1);
    eventually("the other is stored", || place.stored() == [3]);
}
