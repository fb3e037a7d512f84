//! What the app tells, in JSON.

use offpath_core::event::{Ending, Event, Level, Score, Span};
use serde::Serialize;

use super::{Common, ErrorJson, body::BodyJson, known, llm::LlmJson, otel::OtelJson};

#[derive(Serialize)]
pub(super) struct SpanJson<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    name: &'a str,
    trace_name: Option<&'a str>,
    trace_metadata: Option<BodyJson<'a>>,
    is_public: bool,
    is_app_root: bool,
    ending: &'static str,
    level: &'static str,
    status_message: Option<&'a str>,
    version: Option<&'a str>,
    input: Option<BodyJson<'a>>,
    output: Option<BodyJson<'a>>,
    metadata: Option<BodyJson<'a>>,
    error: Option<ErrorJson<'a>>,
    rules: Option<&'a str>,
    user_id: Option<&'a str>,
    session_id: Option<&'a str>,
    tags: &'a [String],
    llm: Option<LlmJson<'a>>,
    otel: Option<OtelJson<'a>>,
}

impl<'a> SpanJson<'a> {
    pub(super) fn new(event: &'a Event, span: &'a Span) -> Self {
        Self {
            common: Common::new(event),
            name: &span.name,
            trace_name: known(&span.trace_name),
            trace_metadata: span.trace_metadata.as_ref().map(|body| BodyJson::new(Some(body))),
            is_public: span.is_public,
            is_app_root: span.is_app_root,
            ending: Ending::try_from(span.ending).unwrap_or(Ending::Ended).name(),
            level: Level::try_from(span.level).unwrap_or(Level::Default).name(),
            status_message: known(&span.status_message),
            version: known(&span.version),
            input: span.input.as_ref().map(|body| BodyJson::new(Some(body))),
            output: span.output.as_ref().map(|body| BodyJson::new(Some(body))),
            metadata: span.metadata.as_ref().map(|body| BodyJson::new(Some(body))),
            error: span.error.as_ref().map(ErrorJson::new),
            rules: known(&event.rules),
            user_id: known(&event.user_id),
            session_id: known(&event.session_id),
            tags: &event.tags,
            llm: span.generation.as_ref().map(|generation| LlmJson::new(generation, event.duration_ns)),
            otel: span.otel.as_ref().and_then(OtelJson::new),
        }
    }
}

#[derive(Serialize)]
pub(super) struct ScoreJson<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    name: &'a str,
    value: Option<Value<'a>>,
    data_type: &'a str,
    comment: Option<&'a str>,
    metadata: Option<BodyJson<'a>>,
    config_id: Option<&'a str>,
    score_id: Option<&'a str>,
    session_id: Option<&'a str>,
}

/// A score's value, as its type has it.
#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Number(f64),
    Text(&'a str),
}

impl<'a> ScoreJson<'a> {
    pub(super) fn new(event: &'a Event, score: &'a Score) -> Self {
        let number = score.value.filter(|value| value.is_finite()).map(Value::Number);
        Self {
            common: Common::new(event),
            name: &score.name,
            value: number.or_else(|| known(&score.text).map(Value::Text)),
            data_type: &score.data_type,
            comment: known(&score.comment),
            metadata: score.metadata.as_ref().map(|body| BodyJson::new(Some(body))),
            config_id: known(&score.config_id),
            score_id: known(&score.score_id),
            session_id: known(&event.session_id),
        }
    }
}
