//! A span of OpenTelemetry as it is: its own kind, attributes, events, links, trace state and status.
//!
//! What the exporter took out of the attributes is put back under its name. What it knows beside is added where the span does
//! not say it, and nothing is replaced. A backend for models that reads none of its attributes gets its own names for what they
//! say; then what was said stands under those, and not under both.

use offpath_core::event::{Body, Ending, Event, Generation, Level, OtelSpan, Span as AppSpan};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::{Span, span::Event as SpanEvent},
};
use prost::Message as _;

use super::{
    Preset, Settings, attributes::Attributes, content, ids, observation::Observation, openinference, preset,
    span::ending_of,
};
use crate::otel::{self, LANGFUSE_SDK, json::Of};

/// `None` if it is no span.
pub(super) fn of(event: &Event, told: &AppSpan, otel: &OtelSpan, settings: &Settings) -> Option<Span> {
    let mut span = Span::decode(otel.span.as_slice()).ok()?;
    span.trace_id = ids::trace_id(event);
    span.span_id = ids::span_id(event);
    span.parent_span_id = ids::parent_span_id(event);
    span.name.clone_from(&told.name);
    span.start_time_unix_nano = event.start_unix_ns;
    span.end_time_unix_nano = event.start_unix_ns.saturating_add(event.duration_ns);
    if !settings.bodies {
        leave_out_what_was_said(&mut span);
    }
    let is_read = is_read(settings.preset, otel, &span.attributes);
    let mut more = Attributes::new();
    if settings.bodies && is_read {
        put_back(&mut more, &otel.input_key, told.input.as_ref());
        put_back(&mut more, &otel.output_key, told.output.as_ref());
    }
    add_known(&mut more, event, told);
    if !settings.preset.is_for_models()
        && let Some(usd) = told.generation.as_ref().and_then(Generation::cost_usd)
    {
        more.number("offpath.cost_usd", usd);
    }
    if settings.preset.is_for_models() {
        let observed = Observation::of_span(event, told, settings.bodies);
        add_for_models(&mut more, &observed, settings.preset, is_read);
        if settings.preset == Preset::Langfuse && is_read {
            add_for_langfuse(&mut more, &observed, told, otel);
        }
    }
    add_missing(&mut span.attributes, more.into_vec());
    if settings.preset.is_for_models() {
        span.attributes.iter_mut().for_each(structured_as_text);
    }
    Some(span)
}

/// Whether its backend reads what the span says of itself. What a plain store of spans gets is read by people.
fn is_read(preset: Preset, otel: &OtelSpan, attributes: &[KeyValue]) -> bool {
    let names: &[&str] = match preset {
        Preset::Otlp | Preset::Axiom | Preset::Jaeger => return true,
        Preset::Langfuse => &[
            "langfuse.observation.",
            "openinference.",
            "gen_ai.",
            "llm.",
            "traceloop.",
            "input.value",
            "output.value",
            "ai.",
        ],
        Preset::Phoenix => &["openinference."],
        Preset::Mlflow => &["mlflow.", "openinference.", "gen_ai.", "traceloop."],
        Preset::Langsmith => &["langsmith.", "openinference.", "gen_ai.", "traceloop."],
    };
    let begins = |name: &str| names.iter().any(|start| name.starts_with(start));
    attributes.iter().any(|pair| begins(&pair.key)) || begins(&otel.input_key) || begins(&otel.output_key)
}

fn leave_out_what_was_said(span: &mut Span) {
    span.attributes.retain(|pair| !otel::is_content(&pair.key));
    for SpanEvent { name, attributes, .. } in &mut span.events {
        let is_message = name.starts_with("gen_ai.");
        let says = |name: &str| otel::is_content(name) || is_message && matches!(name, "content" | "message");
        attributes.retain(|pair| !says(&pair.key));
    }
}

fn put_back(attributes: &mut Attributes, key: &str, body: Option<&Body>) {
    if let Some(text) = body.filter(|_| !key.is_empty()).and_then(content::text) {
        attributes.text(key, text);
    }
}

/// What no attribute of the SDK may have said: whose it is, and how it ended.
fn add_known(attributes: &mut Attributes, event: &Event, told: &AppSpan) {
    attributes.text("user.id", event.user_id.as_str());
    attributes.text("session.id", event.session_id.as_str());
    attributes.text("offpath.ending", ending_of(told));
}

fn add_for_models(attributes: &mut Attributes, observed: &Observation<'_>, preset: Preset, is_read: bool) {
    match (preset, observed.generation) {
        (Preset::Langfuse, _) => {
            preset::langfuse::add_of_trace(attributes, observed);
            if !is_read {
                preset::langfuse::add_observation(attributes, observed);
            }
            return;
        }
        (Preset::Mlflow, Some(generation)) => preset::mlflow::add(attributes, generation),
        (Preset::Langsmith, _) => preset::langsmith::add(attributes, observed),
        _ => {}
    }
    if !is_read {
        openinference::add(attributes, observed);
    } else if let Some(generation) = observed.generation {
        openinference::add_cost(attributes, generation);
    }
}

/// Langfuse has prices of its own, by which its SDK's users go.
fn add_for_langfuse(
    attributes: &mut Attributes,
    observed: &Observation<'_>,
    told: &AppSpan,
    otel: &OtelSpan,
) {
    let is_its_own = preset::langfuse::Signature::of(otel).is_of(LANGFUSE_SDK);
    if let Some(generation) = observed.generation.filter(|_| !is_its_own) {
        preset::langfuse::add_cost(attributes, generation);
    }
    if told.ending != Ending::Ended as i32 && observed.level == Level::Warning {
        preset::langfuse::add_level(attributes, observed);
    }
}

/// Adds those whose names are not there yet. A name that is there twice stays there once.
fn add_missing(attributes: &mut Vec<KeyValue>, more: Vec<KeyValue>) {
    let own = std::mem::take(attributes);
    attributes.reserve(own.len() + more.len());
    for pair in own.into_iter().chain(more) {
        if attributes.iter().all(|known| known.key != pair.key) {
            attributes.push(pair);
        }
    }
}

/// They take a structure as text only.
fn structured_as_text(pair: &mut KeyValue) {
    let Some(AnyValue { value: Some(value) }) = &mut pair.value else { return };
    let is_scalar = |any: &AnyValue| {
        use Value::{BoolValue, DoubleValue, IntValue, StringValue};
        matches!(any.value, Some(StringValue(_) | BoolValue(_) | IntValue(_) | DoubleValue(_)))
    };
    let is_structured = match value {
        Value::KvlistValue(_) | Value::BytesValue(_) => true,
        Value::ArrayValue(list) => !list.values.iter().all(is_scalar),
        _ => false,
    };
    if is_structured {
        let json = serde_json::to_string(&Of(Some(value))).unwrap_or_default();
        *value = Value::StringValue(json);
    }
}
