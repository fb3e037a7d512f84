//! OTLP and the presets on it, from configuration to bytes: what is sent is decoded and compared field by field.

/// What answers mean.
mod answers;
/// Any event, however hostile, is valid OTLP.
mod any_event;
/// HTTP and generative AI by OpenTelemetry's names.
mod conventions;
/// A generation that was read from an exchange.
mod conversation;
/// The form in JSON.
mod json;
/// Langfuse's wire contract.
mod langfuse;
/// What backends for models read: Phoenix, MLflow, LangSmith.
mod models;
/// Where spans go, by configuration and environment.
mod settings;
/// Spans of OpenTelemetry SDKs, from the ring to each backend.
pub(crate) mod whole;

use std::collections::BTreeMap;

use offpath_core::event::{Body, Cost, Event, Generation, Kind, Span as AppSpan, Tokens};
use offpath_exporter::{
    config::Settings,
    delivery::{Backend, Request},
    sinks::Built,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value as Any},
    trace::v1::Span,
};
use prost::Message as _;
use serde_json::{Value, json};

use crate::framework::events::exchange;

/// The backend of a sink with these settings.
fn backend(sink: &Value) -> Box<dyn Backend> {
    let settings = Settings::from_json(&json!({"sinks": {"it": sink}}), &|_| None).expect("valid");
    match settings.sinks[0].build() {
        Built::Http(backend, _) => backend,
        Built::OneByOne(sink) => panic!("it answers no requests: {sink:?}"),
    }
}

/// Plain OTLP with bodies.
fn plain() -> Value {
    json!({"type": "otlp", "endpoint": "http://localhost:4318/v1/traces", "bodies": true})
}

fn langfuse() -> Value {
    json!({"type": "langfuse", "base_url": "https://langfuse.example/", "public_key": "pk-1", "secret_key": "sk-1"})
}

/// The one request that these events make.
fn request(sink: &Value, events: &[Event]) -> Request {
    let mut requests = backend(sink).requests(events);
    assert_eq!(requests.len(), 1, "{requests:#?}");
    requests.remove(0)
}

fn sent(sink: &Value, events: &[Event]) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest::decode(request(sink, events).body.as_slice()).expect("protobuf")
}

/// The one span that this event makes.
fn span(sink: &Value, event: Event) -> Span {
    let mut spans = spans(&sent(sink, &[event]));
    assert_eq!(spans.len(), 1, "{spans:#?}");
    spans.remove(0)
}

fn spans(sent: &ExportTraceServiceRequest) -> Vec<Span> {
    let scopes = sent.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    scopes.flat_map(|scope| scope.spans.clone()).collect()
}

/// By name; each name stands there once.
fn attributes(list: &[KeyValue]) -> BTreeMap<String, Value> {
    let all: BTreeMap<String, Value> =
        list.iter().map(|pair| (pair.key.clone(), value(pair.value.as_ref()))).collect();
    assert_eq!(all.len(), list.len(), "a name stands there twice: {list:#?}");
    all
}

fn value(any: Option<&AnyValue>) -> Value {
    match any.and_then(|any| any.value.as_ref()) {
        Some(Any::StringValue(text)) => json!(text),
        Some(Any::BoolValue(flag)) => json!(flag),
        Some(Any::IntValue(number)) => json!(number),
        Some(Any::DoubleValue(number)) => json!(number),
        Some(Any::BytesValue(bytes)) => json!({ "bytes": bytes }),
        Some(Any::ArrayValue(list)) => list.values.iter().map(|item| value(Some(item))).collect(),
        // What an SDK has told goes on as it is.
        Some(Any::KvlistValue(list)) => {
            list.values.iter().map(|pair| (pair.key.clone(), value(pair.value.as_ref()))).collect()
        }
        None => Value::Null,
        other => panic!("no backend reads {other:?}"),
    }
}

/// Those of these attributes whose names begin so.
fn only(attributes: &BTreeMap<String, Value>, starts: &[&str]) -> Value {
    let chosen = attributes.iter().filter(|(name, _)| starts.iter().any(|start| name.starts_with(start)));
    chosen.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn whole(text: &str) -> Option<Body> {
    Some(Body { size: text.len() as u64, head: text.as_bytes().to_vec(), ..Body::default() })
}

/// What a model did, with all that can be said of it.
fn generation() -> Generation {
    let tokens = |kind: &str, count| Tokens { kind: kind.to_owned(), count };
    let dollars = |kind: &str, usd| Cost { kind: kind.to_owned(), usd };
    Generation {
        system: "openai".to_owned(),
        operation: "chat".to_owned(),
        request_model: "gpt-4o".to_owned(),
        response_model: "gpt-4o-2026".to_owned(),
        response_id: "chatcmpl-1".to_owned(),
        stream: true,
        parameters: r#"{"temperature":0.5,"max_tokens":64,"stop":["END"],"seed":7}"#.to_owned(),
        usage: vec![
            tokens("input", 40),
            tokens("input_cached_tokens", 10),
            tokens("output", 5),
            tokens("total", 55),
        ],
        cost: vec![dollars("input", 0.25), dollars("output", 0.5), dollars("total", 0.75)],
        first_token_ns: Some(30_000_000),
        finish_reasons: vec!["stop".to_owned()],
        prompt_name: "greeting".to_owned(),
        prompt_version: 3,
        ..Generation::default()
    }
}

/// A generation as an app tells it, beneath another span.
fn told() -> Event {
    let span = AppSpan {
        r#type: "generation".to_owned(),
        name: "answer".to_owned(),
        input: whole(r#"[{"role":"user","content":"hi"}]"#),
        output: whole("hello"),
        metadata: whole(r#"{"tier":"gold","attempt":2}"#),
        version: "v7".to_owned(),
        generation: Some(generation()),
        trace_name: "chat".to_owned(),
        ..AppSpan::default()
    };
    Event {
        parent_span_id: 9,
        user_id: "alice".to_owned(),
        session_id: "s-1".to_owned(),
        tags: vec!["a".to_owned(), "b".to_owned()],
        release: "2026.11.1".to_owned(),
        source: "sdk".to_owned(),
        kind: Some(Kind::Span(span)),
        ..exchange(5)
    }
}
