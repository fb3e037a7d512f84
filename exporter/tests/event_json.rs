//! The event's JSON and its published schema.

use offpath_core::event::{
    Body, Cost, Ending, Error, Event, Exchange, Generation, Kind, Level, Loss, Message, OtelSpan, Outcome,
    Proxy, SPAN_TYPES, Score, Span, Tokens, Treated, WebSocket,
};
use offpath_exporter::event_json;
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, any_value::Value as Any},
    trace::v1::{
        Span as OtlpSpan, Status,
        span::{Event as OtlpEvent, Link},
    },
};
use prost::Message as _;
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
        "path": "/v1/chat/completions", "query": "", "route": null, "trace_name": null, "client": null, "http_version": null,
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
        with(|exchange| exchange.generation = Some(Generation::default())),
        with(|exchange| exchange.generation = Some(generation())),
        Event { kind: Some(Kind::Span(Span { level: 99, ..Span::default() })), ..Event::default() },
        Event { kind: Some(Kind::Score(Score::default())), ..Event::default() },
        score(|score| score.value = Some(f64::NAN)),
    ] {
        assert_valid(&rendered(&event));
    }
    for name in SPAN_TYPES {
        let json = rendered(&span(|span| span.r#type = name.to_owned()));
        assert_eq!(json["kind"], name);
        assert_valid(&json);
    }
}

fn generation() -> Generation {
    let tokens = |kind: &str, count| Tokens { kind: kind.to_owned(), count };
    Generation {
        system: "openai".to_owned(),
        operation: "chat".to_owned(),
        request_model: "gpt-4o".to_owned(),
        response_model: "gpt-4o-2024-08-06".to_owned(),
        parameters: r#"{"temperature":0.5}"#.to_owned(),
        input: r#"[{"role":"user"}]"#.to_owned(),
        output: "not JSON".to_owned(),
        usage: vec![tokens("input", 50), tokens("output", 5), tokens("total", 55)],
        cost: vec![Cost { kind: "total".to_owned(), usd: 0.0004 }],
        first_token_ns: Some(30_000_000),
        finish_reasons: vec!["stop".to_owned()],
        prompt_version: 3,
        error_kind: "content_filter".to_owned(),
        estimated: true,
        ..Generation::default()
    }
}

fn span(change: impl FnOnce(&mut Span)) -> Event {
    let body = |text: &str| Body { size: text.len() as u64, head: text.into(), ..Body::default() };
    let mut span = Span {
        r#type: "generation".to_owned(),
        name: "answer".to_owned(),
        input: Some(body("hello")),
        level: Level::Warning as i32,
        status_message: "slow".to_owned(),
        metadata: Some(body("{}")),
        generation: Some(generation()),
        trace_name: "chat".to_owned(),
        is_app_root: true,
        error: Some(Error { r#type: "ValueError".to_owned(), message: "no".to_owned() }),
        ..Span::default()
    };
    change(&mut span);
    Event { kind: Some(Kind::Span(span)), ..exchange(5) }
}

fn score(change: impl FnOnce(&mut Score)) -> Event {
    let mut score = Score {
        name: "helpful".to_owned(),
        value: Some(0.5),
        data_type: "NUMERIC".to_owned(),
        comment: "good".to_owned(),
        ..Score::default()
    };
    change(&mut score);
    Event { kind: Some(Kind::Score(score)), ..exchange(5) }
}

#[test]
fn a_span_is_rendered_as_documented() {
    let json = rendered(&span(|_| {}));
    assert_valid(&json);
    let expected = json!({
        "kind": "generation", "name": "answer", "trace_name": "chat", "is_app_root": true, "level": "WARNING",
        "trace_metadata": null, "is_public": false, "ending": "ended", "otel": null,
        "status_message": "slow", "version": null, "output": null,
        "error": {"type": "ValueError", "message": "no"},
        "llm": {
            "system": "openai", "operation": "chat", "request_model": "gpt-4o", "response_model": "gpt-4o-2024-08-06",
            "response_id": null, "stream": false, "parameters": {"temperature": 0.5}, "input": [{"role": "user"}],
            "output": null, "usage": {"input": 50, "output": 5, "total": 55}, "cost": {"total": 0.0004},
            "cost_usd": 0.0004, "estimated": true, "first_token_ns": 30_000_000, "tokens_per_second": 4.0 / 0.011,
            "finish_reasons": ["stop"], "partial": false, "error_kind": "content_filter", "prompt_name": null,
            "prompt_version": 3,
        },
    });
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(&json[key], value, "{key}");
    }
    assert_eq!((&json["input"]["head"], &json["metadata"]["head"]), (&json!("hello"), &json!("{}")));
}

#[test]
fn what_an_sdk_has_beside_is_rendered_as_documented() {
    let text = |text: &str| Any::StringValue(text.to_owned());
    let pair = |key: &str, value| KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    };
    let list = Any::ArrayValue(ArrayValue {
        values: vec![AnyValue { value: Some(text("a")) }, AnyValue::default()],
    });
    let scope = InstrumentationScope {
        name: "langfuse-sdk".to_owned(),
        version: "5.0.4".to_owned(),
        attributes: vec![pair("public_key", text("pk-1"))],
        ..InstrumentationScope::default()
    };
    let otlp = OtlpSpan {
        kind: 3,
        trace_state: "v=1".to_owned(),
        attributes: vec![
            pair("t", text("x")),
            pair("i", Any::IntValue(7)),
            pair("d", Any::DoubleValue(7.0)),
            pair("nan", Any::DoubleValue(f64::NAN)),
            pair("bytes", Any::BytesValue(vec![0xFF])),
            pair("list", list),
        ],
        events: vec![OtlpEvent { time_unix_nano: 1, name: "e".to_owned(), ..OtlpEvent::default() }],
        links: vec![Link { trace_id: vec![0xAB; 16], span_id: vec![0xCD; 8], ..Link::default() }],
        status: Some(Status { code: 2, message: "no".to_owned() }),
        ..OtlpSpan::default()
    };
    let otel = OtelSpan {
        scope: scope.encode_to_vec(),
        span: otlp.encode_to_vec(),
        input_key: "input.value".to_owned(),
        ..OtelSpan::default()
    };
    let event = span(|span| (span.otel, span.ending) = (Some(otel), Ending::Exit as i32));
    let json = rendered(&event);
    assert_valid(&json);
    assert_eq!(json["ending"], "exit");
    let expected = json!({
        "scope": "langfuse-sdk", "scope_version": "5.0.4", "scope_attributes": {"public_key": "pk-1"}, "scope_schema_url": null,
        "resource": {}, "resource_schema_url": null, "kind": "client", "status": {"code": "error", "message": "no"},
        "trace_state": "v=1", "flags": 0, "input_key": "input.value", "output_key": null,
        "attributes": {"t": "x", "i": 7, "d": 7.0, "nan": null, "bytes": "/w==", "list": ["a", null]},
        "events": [{"time": "1970-01-01T00:00:00.000000001Z", "name": "e", "attributes": {}, "dropped_attributes": 0}],
        "links": [{"trace_id": "ab".repeat(16), "span_id": "cd".repeat(8), "trace_state": null, "flags": 0, "attributes": {},
                   "dropped_attributes": 0}],
        "dropped": {"attributes": 0, "events": 0, "links": 0},
    });
    assert_eq!(json["otel"], expected);
}

#[test]
fn what_is_no_span_of_an_sdk_is_not_rendered_as_one() {
    let otel = OtelSpan { span: vec![0xFF], ..OtelSpan::default() };
    assert_eq!(rendered(&span(|span| span.otel = Some(otel)))["otel"], Value::Null);
}

#[test]
fn a_score_has_a_number_or_a_text() {
    let number = rendered(&score(|_| {}));
    let text = rendered(&score(|score| (score.value, score.text) = (None, "good".to_owned())));
    assert_valid(&number);
    assert_valid(&text);
    assert_eq!((&number["kind"], &number["value"]), (&json!("score"), &json!(0.5)));
    assert_eq!((&text["value"], &text["comment"]), (&json!("good"), &json!("good")));
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
        "path": "/v1/chat/completions", "query": "", "route": "/v1/chat/completions", "trace_name": null, "client": "10.0.0.7",
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
        "llm": {"system": "openai", "operation": "chat", "request_model": "gpt-4o", "response_model": "gpt-4o-2024-08-06",
                "response_id": null, "stream": true, "parameters": {}, "input": [], "output": [],
                "usage": {"input": 50, "output": 5, "total": 55}, "cost": {"total": 0.0004}, "cost_usd": 0.0004,
                "estimated": false, "first_token_ns": 30_000_000, "tokens_per_second": 363.6, "finish_reasons": ["stop"],
                "partial": false, "error_kind": null, "prompt_name": null, "prompt_version": null},
    }));
}
