//! A score, as `POST /api/public/scores` takes it: one each, stored under its id, so that what is sent twice is stored
//! once. The API that takes many at a time is deprecated.
//! Source: `fern/apis/server/definition/scores.yml` in <https://github.com/langfuse/langfuse>.

use offpath_core::event::{Event, Score};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    super::{super::content, Placed, Post},
    environment,
};
use crate::event_json;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ScoreBody<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'a str>,
    name: &'a str,
    value: Value<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    data_type: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    comment: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "str::is_empty")]
    config_id: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    environment: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Number(f64),
    Text(&'a str),
}

pub(in super::super::super) fn scores<'a>(url: &str, scores: impl Iterator<Item = Placed<'a>>) -> Vec<Post> {
    let post = |(place, event, score): Placed<'_>| {
        Some(Post { url: url.to_owned(), body: body(event, score)?, events: vec![place] })
    };
    scores.filter_map(post).collect()
}

/// `None` for one that is of nothing: neither a trace nor a session.
fn body(event: &Event, score: &Score) -> Option<Vec<u8>> {
    let has_trace = event.trace_id() != 0;
    if !has_trace && event.session_id.is_empty() {
        return None;
    }
    let metadata = score.metadata.as_ref().and_then(content::text);
    let body = ScoreBody {
        id: if score.score_id.is_empty() { event_json::id(event.id()) } else { score.score_id.clone() },
        trace_id: has_trace.then(|| event_json::id(event.trace_id())),
        observation_id: (has_trace && event.parent_span_id != 0)
            .then(|| format!("{:016x}", event.parent_span_id)),
        // It refuses both.
        session_id: (!has_trace).then_some(&event.session_id),
        name: &score.name,
        value: match score.value.filter(|value| value.is_finite()) {
            Some(number) => Value::Number(number),
            None => Value::Text(&score.text),
        },
        data_type: &score.data_type,
        comment: &score.comment,
        metadata: metadata.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        config_id: &score.config_id,
        environment: environment(&event.environment),
    };
    serde_json::to_vec(&body).ok()
}
