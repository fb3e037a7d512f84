//! An exchange through the state machine, and what its event says.
#![allow(missing_docs, reason = "a test")]

use offpath_core::{
    End, Finished, Parent, Proxy, RequestHead, Start,
    event::{self, Event, Kind, Outcome},
};
use proptest::prelude::*;
use serde_json::json;

mod framework;

use framework::{Fields, START, begin, begin_with, body, capture, end, finish, get};

/// What is handed over beyond a limit.
const MARGIN: u32 = 1024;
const TRACEPARENT: (&[u8], &[u8]) =
    (b"Traceparent", b"00-000000000000000a000000000000000b-000000000000000c-01");

#[test]
fn an_event_carries_the_service_the_ids_and_the_times() {
    let config = json!({"service": {"name": "chat", "environment": "test", "release": "7"}});
    let (event, _) = finish(begin(&config, &get("/")), &end(Outcome::Completed));
    assert_eq!(
        (event.service.as_str(), event.environment.as_str(), event.release.as_str()),
        ("chat", "test", "7")
    );
    assert_eq!((event.source.as_str(), event.schema), ("asgi", event::SCHEMA));
    assert_eq!(
        (event.id(), event.trace_id(), event.span_id),
        (START.event_id, START.trace_id, START.span_id)
    );
    assert_eq!((event.start_unix_ns, event.duration_ns, event.parent_span_id), (1_000, 9_000, 0));
}

#[test]
fn a_traceparent_makes_the_exchange_a_child() {
    let (event, _) = finish(begin_with(&json!({}), &get("/"), &[TRACEPARENT]), &end(Outcome::Completed));
    assert_eq!(
        (event.trace_id(), event.parent_span_id, event.span_id),
        (0xa << 64 | 0xb, 0xc, START.span_id)
    );
}

#[test]
fn what_the_host_knows_to_be_the_parent_is_it_whatever_the_headers_say() {
    let start = Start { parent: Some(Parent { span_id: 0x66, flags: 0 }), ..START };
    let fields: [(&[u8], &[u8]); 1] =
        [(b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")];
    let exchange = capture(&json!({})).begin(start, &get("/"), fields.into_iter()).expect("an exchange");
    assert_eq!(exchange.trace(), (START.trace_id, 0));
    let (event, _) = finish(exchange, &end(Outcome::Completed));
    assert_eq!((event.trace_id(), event.parent_span_id), (START.trace_id, 0x66));
}

#[test]
fn two_traceparents_are_none() {
    let exchange = begin_with(&json!({}), &get("/"), &[TRACEPARENT, TRACEPARENT]);
    let (event, _) = finish(exchange, &end(Outcome::Completed));
    assert_eq!((event.trace_id(), event.parent_span_id), (START.trace_id, 0));
}

#[test]
fn a_request_and_its_response_are_described() {
    let headers = [(b"Host".as_slice(), b"api.example".as_slice()), (b"content-type", b"text/plain")];
    let head = RequestHead {
        method: b"POST",
        query: b"q=1&token=s",
        client: b"10.0.0.7",
        http_version: b"1.1",
        ..get("/a%20b")
    };
    let mut exchange = begin_with(&json!({}), &head, &headers);
    exchange.request_body(b"hello".to_vec(), 0, vec![]);
    let answered: &Fields<'_> = &[(b"content-type", b"application/json"), (b"x-secret", b"1")];
    exchange.response_head(201, answered.iter().copied());
    exchange.response_body(3_000, b"{".to_vec(), 0, vec![]);
    exchange.response_body(4_000, b"}".to_vec(), 0, vec![]);
    let (_, exchange) = finish(exchange, &End { route: b"/{name}", ..end(Outcome::Completed) });

    assert_eq!((exchange.method.as_str(), exchange.host.as_str()), ("POST", "api.example"));
    assert_eq!((exchange.path.as_str(), exchange.query.as_str()), ("/a%20b", "q=1&token=[redacted]"));
    assert_eq!((exchange.route.as_str(), exchange.client.as_str()), ("/{name}", "10.0.0.7"));
    assert_eq!((exchange.status, exchange.first_byte_ns), (201, Some(3_000)));
    let response = exchange.response.expect("a response");
    assert_eq!((response.headers.len(), response.chunks), (1, 2));
    assert_eq!(body(Some(response)).head, b"{}");
    assert_eq!(body(exchange.request).head, b"hello");
}

#[test]
fn the_first_rule_that_matches_wins() {
    let config = json!({"rule": [
        {"name": "chat", "match": {"path": "/v1/chat/**", "method": "post"}, "request_body": {"head": 2, "tail": 0}},
        {"match": {"path": ["/health", "/metrics"]}, "record": false},
        {"name": "never", "match": {"path": "/v1/**"}},
    ]});
    let head = RequestHead { method: b"POST", ..get("/v1/chat/completions") };
    let exchange = begin(&config, &head);
    assert_eq!((exchange.plan().request.head, exchange.plan().response.head), (2 + MARGIN, 8192 + MARGIN));
    assert_eq!(finish(exchange, &end(Outcome::Completed)).1.rule, "chat");
    assert!(capture(&config).begin(START, &get("/he%61lth"), std::iter::empty()).is_none());
    assert_eq!(finish(begin(&config, &get("/")), &end(Outcome::Completed)).1.rule, "");
}

#[test]
fn an_app_that_raised_before_it_answered_has_status_500() {
    let end = End { error: Some((b"ValueError", b"no")), ..end(Outcome::AppError) };
    let (_, exchange) = finish(begin(&json!({}), &get("/")), &end);
    assert_eq!((exchange.status, exchange.outcome()), (500, Outcome::AppError));
    assert_eq!(exchange.error, Some(event::Error { r#type: "ValueError".into(), message: "no".into() }));
}

#[test]
fn a_client_that_left_before_the_answer_has_no_status() {
    let (_, exchange) = finish(begin(&json!({}), &get("/")), &end(Outcome::ClientDisconnected));
    assert_eq!((exchange.status, exchange.first_byte_ns), (0, None));
}

#[test]
fn a_websocket_keeps_sizes_and_no_content() {
    let mut exchange = begin(&json!({}), &RequestHead { scheme: b"wss", ..get("/ws") });
    exchange.response_head(101, std::iter::empty());
    exchange.request_body(b"secret".to_vec(), 0, vec![]);
    exchange.response_body(5_000, b"answer".to_vec(), 0, vec![]);
    let (_, exchange) =
        finish(exchange, &End { websocket: Some((1001, b"graphql-ws")), ..end(Outcome::Completed) });
    let expected = event::WebSocket { accepted: true, close_code: 1001, subprotocol: "graphql-ws".into() };
    assert_eq!(exchange.websocket, Some(expected));
    let sent = body(exchange.request);
    assert_eq!((sent.size, sent.kept()), (6, 0));
}

#[test]
fn a_message_in_parts_is_one_chunk() {
    let config = json!({"capture": {"websocket": {"head": 4, "tail": 2}}});
    let mut exchange = begin(&config, &RequestHead { scheme: b"ws", ..get("/ws") });
    exchange.request_part(b"on".to_vec(), 0, vec![]);
    exchange.request_part(b"ety".to_vec(), 3, b"ee".to_vec());
    exchange.request_message_ends();
    let (_, exchange) = finish(exchange, &end(Outcome::Completed));
    assert_eq!(exchange.request.as_ref().map(|request| request.chunks), Some(1));
    let sent = body(exchange.request);
    assert_eq!(
        (sent.size, sent.head.as_slice(), sent.tail.as_slice()),
        (10, b"onety".as_slice(), b"ee".as_slice())
    );
}

#[test]
fn an_event_that_is_too_long_loses_its_bodies_and_then_itself() {
    let exchange = || {
        let mut exchange = begin(&json!({}), &get("/"));
        exchange.request_body(vec![b'x'; 5000], 0, vec![]);
        exchange
    };
    let Finished::Event(bytes) = exchange().finish(&end(Outcome::Completed), 1000) else {
        panic!("no event")
    };
    let Some(Kind::Exchange(kept)) = Event::from_bytes(&bytes).expect("an event").kind else { panic!() };
    let request = body(kept.request);
    assert_eq!((request.size, request.kept()), (5000, 0));
    assert_eq!(exchange().finish(&end(Outcome::Completed), 10), Finished::TooLong);
}

#[test]
fn exchanges_in_flight_share_the_memory_that_is_configured() {
    let capture = capture(&json!({"capture": {"max_memory": "3500B"}}));
    let mut first = capture.begin(START, &get("/"), std::iter::empty()).expect("an exchange");
    let mut second = capture.begin(START, &get("/"), std::iter::empty()).expect("an exchange");
    first.request_body(vec![1; 1500], 0, vec![]);
    second.request_body(vec![2; 1500], 0, vec![]);
    let kept = |exchange| body(finish(exchange, &end(Outcome::Completed)).1.request).kept();
    assert_eq!((kept(second), kept(first)), (0, 1500));
}

#[test]
fn an_event_of_an_unknown_kind_is_still_read() {
    let mut newer = Event { schema: 9, service: "chat".into(), ..Event::default() }.to_bytes();
    newer.extend_from_slice(&[0xfa, 0x07, 0x02, 0x08, 0x01]); // field 127, a message
    let event = Event::from_bytes(&newer).expect("an event");
    assert_eq!((event.schema, event.service.as_str(), event.kind), (9, "chat", None));
}

proptest! {
    #[test]
    fn any_bytes_make_an_event_that_can_be_read(
        texts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 8),
        fields in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..20), any::<Vec<u8>>()), 0..8),
        chunks in proptest::collection::vec((any::<Vec<u8>>(), any::<u64>(), any::<Vec<u8>>()), 0..8),
        status: u16,
        times: [u64; 3],
    ) {
        let [method, scheme, authority, path, query, version, client, route] = <[Vec<u8>; 8]>::try_from(texts).expect("eight");
        let headers: Vec<_> = fields.iter().map(|(name, value)| (name.as_slice(), value.as_slice())).collect();
        let head = RequestHead {
            method: &method, scheme: &scheme, authority: &authority, path: &path, query: &query,
            http_version: &version, client: &client,
        };
        let config = json!({"capture": {"headers": {"allow": "*"}, "request_body": {"head": 7, "tail": 5}}});
        let mut exchange = begin_with(&config, &head, &headers);
        for (first, skipped, last) in chunks {
            exchange.request_body(first.clone(), skipped, last.clone());
            exchange.response_head(status, headers.iter().copied());
            exchange.response_body(times[0], first, skipped, last);
        }
        let end = End {
            elapsed_ns: times[1], outcome: Outcome::Reset, route: &route,
            error: Some((&method, &query)), websocket: Some((status, &path)),
            grpc_status: Some(status.into()),
            proxy: Some(Proxy { upstream_cluster: &method, response_code_details: &query, ..Proxy::default() }),
            scope: &[],
        };
        finish(exchange, &end);
    }

    #[test]
    fn any_bytes_are_an_event_or_an_error(bytes: Vec<u8>) {
        let _ = Event::from_bytes(&bytes);
    }
}
