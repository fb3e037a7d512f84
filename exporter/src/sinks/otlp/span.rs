//! An event as a span.
//!
//! An exchange is a `SERVER` span, or a `CLIENT` span if it was seen by who asked. What an app tells is `INTERNAL`, or
//! `CLIENT` where it called a model. A loss or a score is nothing that took time: backends for traces get a span without
//! a duration, so that it is found where people look; those for models, where a trace is a conversation, get none.

use offpath_core::event::{Ending, Error, Event, Exchange, Kind, Level, Loss, Score, Span as AppSpan};
use opentelemetry_proto::tonic::trace::v1::{
    Span, Status,
    span::{Event as SpanEvent, SpanKind},
    status::StatusCode,
};

use super::{
    Preset, Settings,
    attributes::Attributes,
    content, gen_ai, http, ids,
    observation::{self, Observation},
    openinference, preset,
};
use crate::event_json;

/// `None` if the backend has no place for its kind as a span.
pub(super) fn of(event: &Event, settings: &Settings) -> Option<Span> {
    match &event.kind {
        Some(Kind::Exchange(exchange)) => Some(of_exchange(event, exchange, settings)),
        Some(Kind::Span(span)) => Some(of_span(event, span, settings)),
        Some(Kind::Loss(loss)) if !settings.preset.is_for_models() => Some(of_loss(event, loss)),
        Some(Kind::Score(score)) if !settings.preset.is_for_models() => Some(of_score(event, score)),
        _ => None,
    }
}

fn of_exchange(event: &Event, exchange: &Exchange, settings: &Settings) -> Span {
    let mut attributes = common(event);
    http::add(&mut attributes, event, exchange);
    if let Some(generation) = &exchange.generation {
        gen_ai::add(&mut attributes, event, generation);
    }
    if settings.preset.is_for_models() {
        let observed = Observation::of_exchange(event, exchange, settings.bodies);
        add_for_models(&mut attributes, &observed, settings.preset);
    } else if settings.bodies {
        http::add_bodies(&mut attributes, exchange);
        if let Some(generation) = &exchange.generation {
            gen_ai::add_messages(&mut attributes, generation);
        }
    }
    let ending = http::ending(event, exchange);
    let status = ending.error_type.is_some().then(|| failed(ending.message));
    attributes.text("error.type", ending.error_type.unwrap_or_default());
    let kind = if http::is_client(event) { SpanKind::Client } else { SpanKind::Server };
    // Langfuse shows a trace by the name of its first span.
    let is_named = settings.preset == Preset::Langfuse && !exchange.trace_name.is_empty();
    let name = if is_named { exchange.trace_name.clone() } else { http::span_name(event, exchange) };
    let span = span(event, name, kind, attributes);
    Span { status, events: raised(event, exchange.error.as_ref()), ..span }
}

fn of_span(event: &Event, told: &AppSpan, settings: &Settings) -> Span {
    let mut attributes = common(event);
    if let Some(generation) = &told.generation {
        gen_ai::add(&mut attributes, event, generation);
    }
    if settings.preset.is_for_models() {
        let observed = Observation::of_span(event, told, settings.bodies);
        add_for_models(&mut attributes, &observed, settings.preset);
    } else {
        add_told(&mut attributes, told, settings.bodies);
    }
    if settings.preset != Preset::Langfuse {
        let metadata = told.trace_metadata.as_ref().and_then(content::text);
        attributes.text("offpath.trace_metadata", metadata.unwrap_or_default());
    }
    attributes.text("offpath.ending", ending_of(told));
    attributes.text("error.type", error_type(told));
    let is_failed = told.error.is_some() || told.level == Level::Error as i32;
    let status = is_failed.then(|| failed(observation::status_message(told)));
    let is_of_model = matches!(told.type_name(), "generation" | "embedding");
    let kind = if is_of_model { SpanKind::Client } else { SpanKind::Internal };
    let span = span(event, told.name.clone(), kind, attributes);
    Span { status, events: raised(event, told.error.as_ref()), ..span }
}

/// How it ended, where the app did not end it; else empty.
pub(super) fn ending_of(told: &AppSpan) -> &'static str {
    match Ending::try_from(told.ending) {
        Ok(ending @ (Ending::Abandoned | Ending::Exit)) => ending.name(),
        Ok(Ending::Ended) | Err(_) => "",
    }
}

/// What was raised; else of a model's failure its kind.
fn error_type(told: &AppSpan) -> &str {
    let raised = told.error.as_ref().map_or("", |error| &error.r#type);
    let kind = told.generation.as_ref().map_or("", |generation| &generation.error_kind);
    if raised.is_empty() { kind } else { raised }
}

fn add_for_models(attributes: &mut Attributes, observed: &Observation<'_>, preset: Preset) {
    if preset == Preset::Langfuse {
        return preset::langfuse::add(attributes, observed);
    }
    openinference::add(attributes, observed);
    match (preset, observed.generation) {
        (Preset::Mlflow, Some(generation)) => preset::mlflow::add(attributes, generation),
        (Preset::Langsmith, _) => preset::langsmith::add(attributes, observed),
        _ => {}
    }
}

/// What an app tells, where no convention says how: what went in and out by the names that most read.
fn add_told(attributes: &mut Attributes, told: &AppSpan, bodies: bool) {
    attributes.text("offpath.type", told.type_name());
    attributes.text("offpath.level", Level::try_from(told.level).unwrap_or(Level::Default).name());
    attributes.text("offpath.trace_name", told.trace_name.as_str());
    attributes.text("offpath.version", told.version.as_str());
    if told.is_public {
        attributes.flag("offpath.is_public", true);
    }
    let said = [
        ("input.value", told.input.as_ref().filter(|_| bodies)),
        ("output.value", told.output.as_ref().filter(|_| bodies)),
        ("offpath.metadata", told.metadata.as_ref()),
    ];
    for (name, body) in said {
        attributes.text(name, body.and_then(content::text).unwrap_or_default());
    }
}

fn of_loss(event: &Event, loss: &Loss) -> Span {
    let mut attributes = common(event);
    attributes.text("offpath.loss.reason", loss.reason.as_str());
    attributes.int("offpath.loss.count", loss.count);
    attributes.text("offpath.loss.producer", loss.producer.as_str());
    span(event, "offpath loss".to_owned(), SpanKind::Internal, attributes)
}

/// By the names of the conventions' event of an evaluation's result.
fn of_score(event: &Event, score: &Score) -> Span {
    let mut attributes = common(event);
    attributes.text("gen_ai.evaluation.name", score.name.as_str());
    if let Some(value) = score.value {
        attributes.number("gen_ai.evaluation.score.value", value);
    }
    attributes.text("gen_ai.evaluation.score.label", score.text.as_str());
    attributes.text("gen_ai.evaluation.explanation", score.comment.as_str());
    attributes.text("offpath.score.data_type", score.data_type.as_str());
    span(event, "gen_ai.evaluation.result".to_owned(), SpanKind::Internal, attributes)
}

/// Whose it is, and how it came here.
fn common(event: &Event) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.text("offpath.event.id", event_json::id(event.id()));
    attributes.text("offpath.source", event.source.as_str());
    attributes.text("user.id", event.user_id.as_str());
    attributes.text("session.id", event.session_id.as_str());
    attributes.texts("offpath.tags", event.tags.iter().map(String::as_str));
    attributes
}

fn span(event: &Event, name: String, kind: SpanKind, attributes: Attributes) -> Span {
    Span {
        trace_id: ids::trace_id(event),
        span_id: ids::span_id(event),
        parent_span_id: ids::parent_span_id(event),
        name,
        kind: kind.into(),
        start_time_unix_nano: event.start_unix_ns,
        end_time_unix_nano: event.start_unix_ns.saturating_add(event.duration_ns),
        attributes: attributes.into_vec(),
        ..Span::default()
    }
}

fn failed(message: &str) -> Status {
    Status { message: message.to_owned(), code: StatusCode::Error.into() }
}

/// An exception is told as an event at the span's end.
/// <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/>
fn raised(event: &Event, error: Option<&Error>) -> Vec<SpanEvent> {
    let told = error.map(|error| {
        let mut attributes = Attributes::new();
        attributes.text("exception.type", error.r#type.as_str());
        attributes.text("exception.message", error.message.as_str());
        SpanEvent {
            time_unix_nano: event.start_unix_ns.saturating_add(event.duration_ns),
            name: "exception".to_owned(),
            attributes: attributes.into_vec(),
            dropped_attributes_count: 0,
        }
    });
    told.into_iter().collect()
}
