//! Spans as SDKs make them, and as a producer writes them into a ring.

use offpath_core::event::{Event, Kind, OtelSpan, Span as AppSpan};
use offpath_exporter::{enrich::Enricher, redact::Treatments};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, any_value::Value as Any},
    resource::v1::Resource,
    trace::v1::{
        Span, Status,
        span::{Event as SpanEvent, Link, SpanKind},
    },
};
use prost::Message as _;

use super::super::exchange;

/// 2026-11-20T08:00:00.153456789Z is 30 ms after the start.
const FIRST_TOKEN: &str = "\"2026-11-20T08:00:00.153456789+00:00\"";

pub(super) fn text(text: &str) -> Any {
    Any::StringValue(text.to_owned())
}

pub(super) fn pair(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), key_strindex: 0 }
}

fn texts(values: &[&str]) -> Any {
    let value = |value: &&str| AnyValue { value: Some(text(value)) };
    Any::ArrayValue(ArrayValue { values: values.iter().map(value).collect() })
}

/// What the intake makes of an event.
pub(super) fn taken_in(mut event: Event) -> Event {
    let done = Treatments::default().treat(&mut event);
    assert!(done.withheld.is_empty(), "{done:?}");
    Enricher::default().enrich(&mut event, &done.llm);
    event
}

pub(super) fn with_span(mut event: Event, change: impl FnOnce(&mut AppSpan)) -> Event {
    let Some(Kind::Span(span)) = &mut event.kind else { panic!("{event:?}") };
    change(span);
    event
}

/// An event as a producer writes it.
pub(super) fn written(name: &str, resource: &Resource, scope: &InstrumentationScope, span: &Span) -> Event {
    let otel = OtelSpan {
        resource: resource.encode_to_vec(),
        scope: scope.encode_to_vec(),
        span: span.encode_to_vec(),
        ..OtelSpan::default()
    };
    let told = AppSpan { name: name.to_owned(), otel: Some(otel), ..AppSpan::default() };
    Event { source: "otel".to_owned(), parent_span_id: 9, kind: Some(Kind::Span(told)), ..exchange(5) }
}

/// One with these attributes.
pub(super) fn event(name: &str, attributes: &[(&str, &str)]) -> Event {
    let attributes = attributes.iter().map(|(key, value)| pair(key, text(value))).collect();
    let span = Span { name: name.to_owned(), attributes, kind: SpanKind::Internal.into(), ..Span::default() };
    written(name, &Resource::default(), &InstrumentationScope::default(), &span)
}

fn resource() -> Resource {
    let attributes = vec![
        pair("service.name", text("unknown_service")),
        pair("telemetry.sdk.name", text("opentelemetry")),
    ];
    Resource { attributes, ..Resource::default() }
}

/// What a generation of this version of Langfuse's SDK has.
pub(super) fn of_langfuse(version: &str) -> Vec<KeyValue> {
    let is_json = version.starts_with('5');
    let metadata = |text_or_json: &str| {
        text(&if is_json { format!("\"{text_or_json}\"") } else { text_or_json.to_owned() })
    };
    let attempt = if is_json { text("2") } else { Any::IntValue(2) };
    vec![
        pair("langfuse.observation.type", text("generation")),
        pair("langfuse.observation.input", text(r#"[{"role":"user","content":"hi"}]"#)),
        pair("langfuse.observation.output", text("hello")),
        pair("langfuse.observation.level", text("WARNING")),
        pair("langfuse.observation.status_message", text("slow")),
        pair("langfuse.observation.model.name", text("gpt-4o")),
        pair("langfuse.observation.model.parameters", text(r#"{"temperature": 0.5}"#)),
        pair(
            "langfuse.observation.usage_details",
            text(r#"{"input": 40, "input_cached_tokens": 10, "output": 5, "total": 55}"#),
        ),
        pair("langfuse.observation.completion_start_time", text(FIRST_TOKEN)),
        pair("langfuse.observation.prompt.name", text("greeting")),
        pair("langfuse.observation.prompt.version", Any::IntValue(3)),
        pair("langfuse.observation.metadata.tier", metadata("gold")),
        pair("langfuse.observation.metadata.attempt", attempt),
        pair("langfuse.observation.metadata.nested", text(r#"{"a":[1]}"#)),
        pair("langfuse.trace.metadata.plan", metadata("pro")),
        pair("langfuse.trace.name", text("chat")),
        pair("langfuse.trace.tags", texts(&["a", "b"])),
        pair("langfuse.trace.public", Any::BoolValue(true)),
        pair("langfuse.environment", text("staging")),
        pair("langfuse.release", text("r-7")),
        pair("langfuse.version", text("v7")),
        pair("langfuse.internal.is_app_root", Any::BoolValue(true)),
        pair("user.id", text("alice")),
        pair("session.id", text("s-1")),
    ]
}

pub(super) fn sdk_scope(version: &str, public_key: &str) -> InstrumentationScope {
    InstrumentationScope {
        name: "langfuse-sdk".to_owned(),
        version: version.to_owned(),
        attributes: vec![pair("public_key", text(public_key))],
        ..InstrumentationScope::default()
    }
}

/// A generation of Langfuse's SDK, taken in.
pub(crate) fn langfuse_sdk(version: &str) -> Event {
    langfuse_sdk_of(version, "pk-1")
}

/// The same, of a project.
pub(super) fn langfuse_sdk_of(version: &str, public_key: &str) -> Event {
    let note = SpanEvent { name: "note".to_owned(), ..SpanEvent::default() };
    let link = Link { trace_id: vec![1; 16], span_id: vec![2; 8], ..Link::default() };
    let span = Span {
        name: "answer".to_owned(),
        kind: SpanKind::Internal.into(),
        trace_state: "v=1".to_owned(),
        attributes: of_langfuse(version),
        events: vec![note],
        links: vec![link],
        ..Span::default()
    };
    taken_in(written("answer", &resource(), &sdk_scope(version, public_key), &span))
}

/// What an instrumentation of OpenInference has.
pub(super) fn of_openinference() -> Vec<KeyValue> {
    vec![
        pair("openinference.span.kind", text("LLM")),
        pair("input.value", text(r#"{"messages":[{"role":"user","content":"hi"}]}"#)),
        pair("input.mime_type", text("application/json")),
        pair("output.value", text("hello")),
        pair("llm.model_name", text("gpt-4o")),
        pair("llm.provider", text("openai")),
        pair("llm.invocation_parameters", text(r#"{"temperature": 0.5}"#)),
        pair("llm.token_count.prompt", Any::IntValue(50)),
        pair("llm.token_count.completion", Any::IntValue(5)),
        pair("metadata", text(r#"{"tier": "gold"}"#)),
        pair("tag.tags", texts(&["a"])),
    ]
}

pub(super) fn openinference() -> Event {
    let scope = InstrumentationScope {
        name: "openinference.instrumentation.openai".to_owned(),
        version: "0.1.30".to_owned(),
        ..InstrumentationScope::default()
    };
    let span = Span {
        kind: SpanKind::Internal.into(),
        attributes: of_openinference(),
        status: Some(Status { code: 1, ..Status::default() }),
        ..Span::default()
    };
    taken_in(written("ChatCompletion", &resource(), &scope, &span))
}

/// What an instrumentation by OpenTelemetry's conventions has.
pub(super) fn of_gen_ai() -> Vec<KeyValue> {
    vec![
        pair("gen_ai.operation.name", text("chat")),
        pair("gen_ai.provider.name", text("openai")),
        pair("gen_ai.request.model", text("gpt-4o")),
        pair("gen_ai.request.temperature", Any::DoubleValue(0.5)),
        pair("gen_ai.request.max_tokens", Any::IntValue(64)),
        pair("gen_ai.response.model", text("gpt-4o-2024-08-06")),
        pair("gen_ai.response.finish_reasons", texts(&["stop"])),
        pair("gen_ai.response.time_to_first_chunk", Any::DoubleValue(0.25)),
        pair("gen_ai.usage.input_tokens", Any::IntValue(50)),
        pair("gen_ai.usage.cache_read.input_tokens", Any::IntValue(10)),
        pair("gen_ai.usage.output_tokens", Any::IntValue(5)),
        pair("gen_ai.input.messages", text(r#"[{"role":"user","parts":[{"type":"text","content":"hi"}]}]"#)),
        pair(
            "gen_ai.output.messages",
            text(r#"[{"role":"assistant","parts":[{"type":"text","content":"hello"}]}]"#),
        ),
        pair("gen_ai.system_instructions", text(r#"[{"type":"text","content":"be brief"}]"#)),
    ]
}

pub(super) fn gen_ai() -> Event {
    let raised = SpanEvent {
        name: "exception".to_owned(),
        attributes: vec![
            pair("exception.type", text("TimeoutError")),
            pair("exception.message", text("too slow")),
        ],
        ..SpanEvent::default()
    };
    let span = Span {
        kind: SpanKind::Client.into(),
        attributes: of_gen_ai(),
        events: vec![raised],
        status: Some(Status { code: 2, message: "TimeoutError: too slow".to_owned() }),
        ..Span::default()
    };
    taken_in(written("chat gpt-4o", &resource(), &InstrumentationScope::default(), &span))
}
