//! Scores as Phoenix's annotations: of a span, of a trace or of a session, each kind at an address of its own. The event's
//! id is an annotation's identifier, so that what is sent twice is stored once. Phoenix keeps those whose span it does not
//! have yet, for a while.
//! Source: <https://arize.com/docs/phoenix/sdk-api-reference/rest-api/overview>, `/v1/span_annotations` and its siblings.

use offpath_core::event::{Event, Score};
use serde_json::{Map, Value, json};

use super::super::{super::content, Placed, Post};
use crate::event_json;

pub(in super::super::super) fn scores<'a>(base: &str, scores: impl Iterator<Item = Placed<'a>>) -> Vec<Post> {
    let mut of = Subject::ALL.map(|subject| (subject, Vec::new(), Vec::new()));
    for (place, event, score) in scores {
        let Some((of_it, id)) = subject(event) else { continue };
        for (subject, data, events) in of.iter_mut().filter(|(subject, ..)| *subject == of_it) {
            data.push(annotation(event, score, subject.key(), &id));
            events.push(place);
        }
    }
    let post = |(subject, data, events): (Subject, Vec<Value>, Vec<usize>)| {
        let body = json!({ "data": data }).to_string().into_bytes();
        Post { url: format!("{base}{}", subject.path()), body, events }
    };
    of.into_iter().filter(|(_, data, _)| !data.is_empty()).map(post).collect()
}

/// What is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Span,
    Trace,
    Session,
}

impl Subject {
    const ALL: [Self; 3] = [Self::Span, Self::Trace, Self::Session];

    fn key(self) -> &'static str {
        match self {
            Self::Span => "span_id",
            Self::Trace => "trace_id",
            Self::Session => "session_id",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Span => "/v1/span_annotations",
            Self::Trace => "/v1/trace_annotations",
            Self::Session => "/v1/session_annotations",
        }
    }
}

/// And its id; `None` for a score of nothing.
fn subject(event: &Event) -> Option<(Subject, String)> {
    if event.trace_id() == 0 {
        return (!event.session_id.is_empty()).then(|| (Subject::Session, event.session_id.clone()));
    }
    Some(match event.parent_span_id {
        0 => (Subject::Trace, event_json::id(event.trace_id())),
        span_id => (Subject::Span, format!("{span_id:016x}")),
    })
}

fn annotation(event: &Event, score: &Score, key: &str, id: &str) -> Value {
    let known = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
    let metadata = score.metadata.as_ref().and_then(content::text);
    let metadata: Option<Map<String, Value>> = metadata.and_then(|text| serde_json::from_str(&text).ok());
    let identifier =
        if score.score_id.is_empty() { event_json::id(event.id()) } else { score.score_id.clone() };
    json!({
        key: id,
        "name": score.name,
        "annotator_kind": "CODE",
        // A number that is none becomes null.
        "result": {"score": score.value, "label": known(&score.text), "explanation": known(&score.comment)},
        "metadata": metadata,
        "identifier": identifier,
    })
}
