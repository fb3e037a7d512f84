//! The event's JSON and its published schema.

use offpath_core::event::{
    Body, Error, Event, Exchange, Kind, Loss, Message, Outcome, Proxy, Treated, WebSocket,
};
use offpath_exporter::event_json;
use serde_json::{Value, json};

use crate::framework::events::exchange;

fn rendered(event: &Event) -> Value {
    serde_json::from_str(&event_json::to_string(event)).expect("JSON")
}

fn assert_valid(json: &Value) {
    let schema = serde_json::from_str(include_str!("../schema/event.schema.json")).expect("JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let errors: Vec<String> =
        validator.iter_errors(json).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{json:#}");
}

/// An exchange with this changed.
fn with(change: impl FnOnce(&mut Exchange)) -> Event {
    let mut event = exchange(5);
    let Some(Kind::Exchange(exchange)) = &mut event.kind else { unreachable!("it is an exchange") };
    change(exchange);
    event
}

#[test]
fn an_exchange_is_rendered_as_documented() {
    let json = rendered(&exchange(5));
    assert_valid(&json);
    let expected = json!({
        "schema": 1, "kind": "exchange", "id": "00000000000000000000000000000005",
        "trace_id": "00000000000000010000000000000005", "span_id": "0000000000000007", "parent_span_id": null,
        "service": "chat-api", "environment": "test", "release": null, "source": "asgi", "rule": null,
        "rules": null, "sampled_because": null, "start_time": "2026-11-20T08:00:00.123456789Z", "duration_ns": 41_000_000,
        "first_byte_ns": 1_200_000, "outcome": "completed", "method": "POST", "scheme": "http", "host": "api.example",
        "path": "/v1/chat/completions", "query": "", "route": null, "client": null, "http_version": null,
        "status": 200, "grpc_status": null,
        "request": {
            "headers": [["content-type", "application/json"], ["user-agent", "test/1"]], "chunks": 1,
            "body": {"size": 600, "kept": 600, "head": "{\"model\":\"gpt\"}".repeat(40), "tail": "", "encoding": "utf-8",
                     "masked": 0, "cut": 0, "json": false, "content_type": null, "digest": null, "decoded": null, "withheld": null},
        },
        "response": {
            "headers": [["content-type", "application/json"]], "chunks": 3,
            "body": {"size": 9000, "kept": 256, "head": "a".repeat(128), "tail": "z".repeat(128), "encoding": "utf-8",
                     "masked": 0, "cut": 0, "json": false, "content_type": null, "digest": null, "decoded": null, "withheld": null},
        },
        "websocket": null, "proxy": null, "error": null, "user_id": null, "session_id": null, "tags": [], "metadata": {},
        "llm": null,
    });
    assert_eq!(json, expected);
}

#[test]
fn every_kind_of_event_fits_the_schema() {
    let binary = Body { size: 3, head: vec![0xFF, 0, 1], ..Body::default() };
    let loss = Loss { reason: "ring_full".to_owned(), count: 3, producer: String::new() };
    for event in [
        with(|exchange| exchange.outcome = 99),
        with(|exchange| exchange.status = 0),
        with(|exchange| (exchange.request, exchange.response) = (None, None)),
        with(|exchange| exchange.request = Some(Message::default())),
        with(|exchange| exchange.response = Some(Message { body: Some(binary), ..Message::default() })),
        with(|exchange| exchange.websocket = Some(WebSocket { accepted: true, ..WebSocket::default() })),
        with(|exchange| {
            exchange.error = Some(Error { r#type: "ValueError".to_owned(), message: String::new() });
        }),
        with(|exchange| exchange.outcome = Outcome::Reset as i32),
        with(|exchange| exchange.proxy = Some(Proxy::default())),
        with(|exchange| exchange.grpc_status = Some(u32::MAX)),
        Event { kind: Some(Kind::Exchange(Exchange::default())), ..Event::default() },
        Event { kind: Some(Kind::Loss(loss)), ..Event::default() },
        Event { start_unix_ns: u64::MAX, ..Event::default() },
    ] {
        assert_valid(&rendered(&event));
    }
}

#[test]
fn what_a_proxy_knows_is_rendered_as_documented() {
    let proxy = Proxy {
        upstream_cluster: "chat".to_owned(),
        upstream_host: "10.0.0.9:8000".to_owned(),
        attempts: 3,
        response_flags: vec!["UF".to_owned(), "URX".to_owned()],
        response_code_details: "upstream_reset_before_response_started{connection_failure}".to_owned(),
    };
    let json = rendered(&with(|exchange| (exchange.proxy, exchange.grpc_status) = (Some(proxy), Some(14))));
    assert_valid(&json);
    let expected = json!({
        "upstream_cluster": "chat", "upstream_host": "10.0.0.9:8000", "attempts": 3,
        "response_flags": ["UF", "URX"],
        "response_code_details": "upstream_reset_before_response_started{connection_failure}",
    });
    assert_eq!((&json["proxy"], &json["grpc_status"]), (&expected, &json!(14)));
}

#[test]
fn whose_an_event_is_and_what_was_done_to_its_bodies_is_rendered_as_documented() {
    let treated = Treated {
        kept: 2,
        masked: 3,
        cut: 4,
        json: true,
        content_type: "image/png".to_owned(),
        digest: "sha256:00".to_owned(),
        decoded: "gzip".to_owned(),
        withheld: "redaction took too long".to_owned(),
    };
    let mut event = with(|exchange| {
        let body = Body { size: 9, treated: Some(treated), ..Body::default() };
        exchange.request = Some(Message { body: Some(body), ..Message::default() });
    });
    event.rules = "0123456789abcdef".to_owned();
    (event.user_id, event.session_id) = ("alice".to_owned(), "s-1".to_owned());
    event.tags = vec!["beta".to_owned(), "eu".to_owned()];
    let json = rendered(&event);
    assert_valid(&json);
    let expected = json!({
        "size": 9, "kept": 2, "head": "", "tail": "", "encoding": "utf-8", "masked": 3, "cut": 4, "json": true,
        "content_type": "image/png", "digest": "sha256:00", "decoded": "gzip", "withheld": "redaction took too long",
    });
    assert_eq!(json["request"]["body"], expected);
    assert_eq!(json["rules"], "0123456789abcdef");
    assert_eq!((&json["user_id"], &json["session_id"]), (&json!("alice"), &json!("s-1")));
    assert_eq!(json["tags"], json!(["beta", "eu"]));
}

#[test]
fn the_documented_example_fits_the_schema() {
    assert_valid(&json!({
        "schema": 1, "kind": "exchange", "id": "01934a5b6c7d7e8f90a1b2c3d4e5f607",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7", "parent_span_id": null,
        "service": "chat-api", "environment": "production", "release": null, "source": "asgi", "rule": "chat",
        "rules": "9f86d081884c7d65", "sampled_because": "rate", "start_time": "2026-11-20T08:00:00.123456789Z", "duration_ns": 41_000_000,
        "first_byte_ns": 1_200_000, "outcome": "completed", "method": "POST", "scheme": "http", "host": "api.example",
        "path": "/v1/chat/completions", "query": "", "route": "/v1/chat/completions", "client": "10.0.0.7",
        "http_version": "1.1", "status": 200, "grpc_status": null, "websocket": null, "proxy": null,
        "request": {"headers": [["content-type", "application/json"]], "chunks": 1,
                    "body": {"size": 65536, "kept": 16384, "head": "…", "tail": "…", "encoding": "utf-8",
                             "masked": 1, "cut": 0, "json": false, "content_type": null, "digest": null, "decoded": null,
                             "withheld": null}},
        "response": {"headers": [], "chunks": 1,
                     "body": {"size": 812, "kept": 812, "head": "…", "tail": "", "encoding": "utf-8",
                              "masked": 0, "cut": 2, "json": true, "content_type": null, "digest": null, "decoded": "gzip",
                              "withheld": null}},
        "error": null, "user_id": "alice", "session_id": null, "tags": ["beta"], "metadata": {},
        "llm": {"system": "openai", "operation": "chat", "request_model": "gpt-4o", "stream": true, "input": [],
                "output": [], "usage": {"input": 50, "output": 5, "total": 55}, "cost_usd": 0.0004, "partial": false},
    }));
}
