//! Events as an app's host would write them.

use offpath_core::event::{Body, Event, Exchange, Header, Kind, Message, Outcome, SCHEMA};
use offpath_ring::Producer;

/// The ring's record kind for an encoded event.
pub(crate) const EVENT: u8 = 1;

/// An exchange of about 1 KB with this id.
pub(crate) fn exchange(id: u128) -> Event {
    let id = u64::try_from(id).expect("tests count from 1");
    let header = |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned() };
    let request = Message {
        headers: vec![header("content-type", "application/json"), header("user-agent", "test/1")],
        body: Some(Body { size: 600, head: b"{\"model\":\"gpt\"}".repeat(40), ..Body::default() }),
        chunks: 1,
        ..Message::default()
    };
    let response = Message {
        headers: vec![header("content-type", "application/json")],
        body: Some(Body { size: 9_000, head: vec![b'a'; 128], tail: vec![b'z'; 128], ..Body::default() }),
        chunks: 3,
        ..Message::default()
    };
    Event {
        schema: SCHEMA,
        id_low: id,
        trace_id_high: 1,
        trace_id_low: id,
        span_id: 7,
        start_unix_ns: 1_795_161_600_123_456_789,
        duration_ns: 41_000_000,
        service: "chat-api".to_owned(),
        environment: "test".to_owned(),
        source: "asgi".to_owned(),
        kind: Some(Kind::Exchange(Exchange {
            outcome: Outcome::Completed as i32,
            first_byte_ns: Some(1_200_000),
            method: "POST".to_owned(),
            scheme: "http".to_owned(),
            host: "api.example".to_owned(),
            path: "/v1/chat/completions".to_owned(),
            status: 200,
            request: Some(request),
            response: Some(response),
            ..Exchange::default()
        })),
        ..Event::default()
    }
}

/// Writes exchanges with these ids, which must fit.
pub(crate) fn write(ring: &mut Producer, ids: std::ops::Range<u128>) {
    for id in ids {
        ring.write(EVENT, &exchange(id).to_bytes()).expect("room in the ring");
    }
}
