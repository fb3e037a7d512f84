//! What backends for models want to know, of an exchange as of a span: what it was, what went in, what came out.

use std::borrow::Cow;

use offpath_core::event::{Body, Ending, Event, Exchange, Generation, Level, Span};
use serde_json::{Map, Value};

use super::{content, http};

/// An exchange or a span as they see it.
#[derive(Debug)]
pub(super) struct Observation<'a> {
    pub(super) event: &'a Event,
    /// One of [`offpath_core::event::SPAN_TYPES`].
    pub(super) kind: &'static str,
    pub(super) input: Option<Cow<'a, str>>,
    pub(super) output: Option<Cow<'a, str>>,
    pub(super) generation: Option<&'a Generation>,
    /// The same, where its messages were read from an exchange and may be told.
    pub(super) conversation: Option<&'a Generation>,
    pub(super) level: Level,
    pub(super) status_message: &'a str,
    pub(super) trace_name: Cow<'a, str>,
    /// Whether it is the first of its trace in the app, although its parent is elsewhere, where the backend may never see
    /// it.
    pub(super) is_app_root: bool,
    /// Whether everyone may see the trace who has a link to it.
    pub(super) is_public: bool,
    pub(super) version: &'a str,
    metadata: Option<&'a Body>,
    trace_metadata: Option<&'a Body>,
}

impl<'a> Observation<'a> {
    pub(super) fn of_exchange(event: &'a Event, exchange: &'a Exchange, bodies: bool) -> Self {
        let ending = http::ending(event, exchange);
        let generation = exchange.generation.as_ref();
        let is_root = event.parent_span_id == 0;
        let is_app_root = !is_root && !http::is_client(event);
        let said = |messages: fn(&Generation) -> &String, message: &'a Option<_>| {
            let of_model = generation.map(messages).filter(|messages| !messages.is_empty());
            of_model.map(|messages| Cow::Borrowed(messages.as_str())).or_else(|| body_of(message))
        };
        Self {
            event,
            kind: kind(generation),
            input: bodies.then(|| said(|generation| &generation.input, &exchange.request)).flatten(),
            output: bodies.then(|| said(|generation| &generation.output, &exchange.response)).flatten(),
            generation,
            conversation: generation.filter(|_| bodies),
            level: ending.level,
            status_message: ending.message,
            trace_name: if !exchange.trace_name.is_empty() {
                exchange.trace_name.as_str().into()
            } else if is_root || is_app_root {
                http::span_name(event, exchange).into()
            } else {
                "".into()
            },
            is_app_root,
            is_public: false,
            version: "",
            metadata: None,
            trace_metadata: None,
        }
    }

    pub(super) fn of_span(event: &'a Event, span: &'a Span, bodies: bool) -> Self {
        let said = |body: &'a Option<Body>| body.as_ref().filter(|_| bodies).and_then(content::text);
        let (level, status_message) = level_and_message(span);
        Self {
            event,
            kind: span.type_name(),
            input: said(&span.input),
            output: said(&span.output),
            generation: span.generation.as_ref(),
            conversation: None,
            level,
            status_message,
            trace_name: span.trace_name.as_str().into(),
            is_app_root: span.is_app_root,
            is_public: span.is_public,
            version: &span.version,
            metadata: span.metadata.as_ref(),
            trace_metadata: span.trace_metadata.as_ref(),
        }
    }

    /// The metadata's members: texts as they are, all else as JSON. What is no object is one member.
    pub(super) fn metadata_by_key(&self) -> Vec<(String, String)> {
        by_key(self.metadata)
    }

    /// The same of the trace's.
    pub(super) fn trace_metadata_by_key(&self) -> Vec<(String, String)> {
        by_key(self.trace_metadata)
    }

    /// The metadata as it came.
    pub(super) fn metadata(&self) -> Option<Cow<'a, str>> {
        self.metadata.and_then(content::text)
    }
}

fn by_key(metadata: Option<&Body>) -> Vec<(String, String)> {
    let Some(text) = metadata.and_then(content::text) else { return Vec::new() };
    let Ok(object) = serde_json::from_str::<Map<String, Value>>(&text) else {
        return vec![("metadata".to_owned(), text.into_owned())];
    };
    let member = |(key, value)| match value {
        Value::String(text) => (key, text),
        value => (key, value.to_string()),
    };
    object.into_iter().map(member).collect()
}

fn body_of(message: &Option<offpath_core::event::Message>) -> Option<Cow<'_, str>> {
    content::text(message.as_ref()?.body.as_ref()?)
}

/// What an exchange with a model is, as spans would say it.
fn kind(generation: Option<&Generation>) -> &'static str {
    match generation {
        Some(generation) if generation.operation == "embeddings" => "embedding",
        Some(_) => "generation",
        None => "span",
    }
}

/// Why it is as it is; of what was raised, the message.
pub(super) fn status_message(span: &Span) -> &str {
    let raised = span.error.as_ref().map_or("", |error| error.message.as_str());
    if span.status_message.is_empty() { raised } else { &span.status_message }
}

/// A span that the app did not end is worth a look.
fn level_and_message(span: &Span) -> (Level, &str) {
    let level = Level::try_from(span.level).unwrap_or(Level::Default);
    let message = status_message(span);
    let words = match Ending::try_from(span.ending) {
        Ok(Ending::Abandoned) => "abandoned: the app let go of it without ending it",
        Ok(Ending::Exit) => "cut short: the process came to its end before it",
        Ok(Ending::Ended) | Err(_) => return (level, message),
    };
    if level == Level::Default {
        return (Level::Warning, if message.is_empty() { words } else { message });
    }
    (level, message)
}
