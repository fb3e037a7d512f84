//! Metadata, of which each member is an attribute, as one object of JSON.

use std::borrow::Cow;

use offpath_core::event::Body;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use serde_json::value::RawValue;

use super::{attributes::Attributes, json::text_or_json};

/// Of an observation.
pub(super) const OBSERVATION: Names = Names {
    members: &["langfuse.observation.metadata.", "langfuse.metadata.", "traceloop.association.properties."],
    whole: &["langfuse.observation.metadata", "metadata"],
};
/// Of a trace.
pub(super) const TRACE: Names =
    Names { members: &["langfuse.trace.metadata."], whole: &["langfuse.trace.metadata"] };

/// Where it is.
#[derive(Debug)]
pub(super) struct Names {
    /// How the names of members begin.
    members: &'static [&'static str],
    /// Names of what is all of it.
    whole: &'static [&'static str],
}

/// `are_json`: each value is JSON, texts too, as Langfuse's SDK has it since version 5. Before that, a text is what it is, and
/// what has a structure is JSON. `None` if there is none.
pub(super) fn read(attributes: Attributes<'_>, names: &Names, are_json: bool) -> Option<Body> {
    let mut members: Vec<(&str, Cow<'_, str>)> = Vec::new();
    for prefix in names.members {
        for (name, value) in attributes.under(prefix) {
            if members.iter().all(|(known, _)| *known != name) {
                members.push((name, json(value, are_json)));
            }
        }
    }
    let whole = names.whole.iter().find_map(|name| attributes.get(name));
    if let Some(whole) = whole {
        let whole = json(whole, are_json);
        if members.is_empty() && whole.starts_with('{') {
            return Some(body(whole.into_owned()));
        }
        members.push(("metadata", whole));
    }
    if members.is_empty() {
        return None;
    }
    let mut object = String::from("{");
    for (place, (name, value)) in members.into_iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        object.extend([comma, &serde_json::to_string(name).unwrap_or_default(), ":", &value]);
    }
    object.push('}');
    Some(body(object))
}

fn json(value: &Value, are_json: bool) -> Cow<'_, str> {
    let Value::StringValue(text) = value else {
        let json = text_or_json(value);
        // Bytes are told as text.
        let is_json = serde_json::from_str::<&RawValue>(&json).is_ok();
        return if is_json { json } else { quoted(&json) }.into();
    };
    let may_be = are_json || text.starts_with(['{', '[']);
    // Without the blanks around it, so that it begins with what it is.
    let json = serde_json::from_str::<&RawValue>(text).ok().filter(|_| may_be);
    json.map_or_else(|| quoted(text).into(), |json| json.get().into())
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

fn body(text: String) -> Body {
    Body { size: text.len() as u64, head: text.into_bytes(), ..Body::default() }
}
