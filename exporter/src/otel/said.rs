//! What went in and what came out, by the attributes that have it.
//!
//! One attribute that has all of it is moved. Where it is spread over many, a message or a part of one in each, it is put
//! together, and they stay.

use std::collections::BTreeMap;

use offpath_core::event::{Body, OtelSpan, Span as AppSpan};
use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use serde_json::{Map, Value as Json};

use super::{
    attributes::Attributes,
    json::{Of, text_or_json},
};

const LANGFUSE: [&str; 2] = ["langfuse.observation.input", "langfuse.observation.output"];
/// The first of these pairs of which one is there.
const OTHERS: [[&str; 2]; 5] = [
    ["gen_ai.input.messages", "gen_ai.output.messages"],
    ["gen_ai.tool.call.arguments", "gen_ai.tool.call.result"],
    ["input.value", "output.value"],
    ["traceloop.entity.input", "traceloop.entity.output"],
    ["input", "output"],
];
/// Messages, of which each has attributes of its own.
const SPREAD: [[&str; 2]; 2] =
    [["llm.input_messages.", "llm.output_messages."], ["gen_ai.prompt.", "gen_ai.completion."]];

/// Beside those above, attributes that hold what was said, by how they begin.
const CONTENT: [&str; 9] = [
    "gen_ai.system_instructions",
    "langfuse.trace.input",
    "langfuse.trace.output",
    "llm.prompts",
    "embedding.embeddings.",
    "retrieval.documents.",
    "reranker.",
    "gen_ai.content.",
    "gen_ai.event.content",
];

/// Whether an attribute holds what was said.
pub(crate) fn is_content(name: &str) -> bool {
    let whole = || LANGFUSE.iter().chain(OTHERS.as_flattened());
    let begins = || SPREAD.as_flattened().iter().chain(&CONTENT);
    whole().any(|content| *content == name) || begins().any(|content| name.starts_with(content))
}

pub(super) fn take(span: &mut Span, told: &mut AppSpan, otel: &mut OtelSpan) {
    let attributes = Attributes(&span.attributes);
    let has = |name: &&str| attributes.get(name).is_some();
    // Who has Langfuse's names for one of both has said all there is.
    let is_langfuse_s = LANGFUSE.iter().any(has);
    let find = |side: usize| {
        if is_langfuse_s {
            return Some(LANGFUSE[side]).filter(has);
        }
        OTHERS.iter().map(|pair| pair[side]).find(has)
    };
    let names = [find(0), find(1)];
    let spread = [0, 1].map(|side| {
        let needs_it = names[side].is_none() && !is_langfuse_s;
        needs_it.then(|| SPREAD.iter().find_map(|pair| messages(attributes, pair[side]))).flatten()
    });
    for ((name, spread), (body, key)) in names
        .into_iter()
        .zip(spread)
        .zip([(&mut told.input, &mut otel.input_key), (&mut told.output, &mut otel.output_key)])
    {
        let Some(name) = name else {
            *body = spread.map(whole).or_else(|| body.take());
            continue;
        };
        let Some(at) = span.attributes.iter().position(|pair| pair.key == name) else { continue };
        match take_text(&mut span.attributes[at]) {
            Ok(text) => {
                span.attributes.remove(at);
                name.clone_into(key);
                *body = Some(whole(text));
            }
            // What is no text keeps its type where it is.
            Err(json) => *body = Some(whole(json)),
        }
    }
}

/// The text of an attribute; of what is none, its JSON.
fn take_text(pair: &mut KeyValue) -> Result<String, String> {
    match pair.value.as_mut().and_then(|any| any.value.as_mut()) {
        Some(Value::StringValue(text)) => Ok(std::mem::take(text)),
        Some(value) => Err(text_or_json(value)),
        None => Err(String::new()),
    }
}

fn whole(text: String) -> Body {
    Body { size: text.len() as u64, head: text.into_bytes(), ..Body::default() }
}

/// Names of more parts than this are left alone.
const DEEPEST: usize = 10;

/// The messages under `prefix`, as an array of JSON; `None` if there are none.
fn messages(attributes: Attributes<'_>, prefix: &str) -> Option<String> {
    let mut messages: BTreeMap<u32, Json> = BTreeMap::new();
    for (rest, value) in attributes.under(prefix) {
        let mut parts = rest.split('.');
        let Some(place) = parts.next().and_then(|part| part.parse().ok()) else { continue };
        // `message` is OpenInference's, in which a message is all there is.
        let parts: Vec<&str> = parts.filter(|part| !part.starts_with("message")).collect();
        if !parts.is_empty() && parts.len() <= DEEPEST {
            let value = serde_json::to_value(Of(Some(value))).unwrap_or_default();
            put(messages.entry(place).or_insert_with(|| Json::Object(Map::new())), &parts, value);
        }
    }
    if messages.is_empty() {
        return None;
    }
    let list: Vec<Json> = messages.into_values().map(|message| listed(message, DEEPEST)).collect();
    serde_json::to_string(&list).ok()
}

fn put(into: &mut Json, parts: &[&str], value: Json) {
    let (Json::Object(members), [first, rest @ ..]) = (into, parts) else { return };
    if rest.is_empty() {
        members.insert((*first).to_owned(), value);
    } else {
        put(members.entry(*first).or_insert_with(|| Json::Object(Map::new())), rest, value);
    }
}

/// With arrays for objects whose names are all numbers.
fn listed(json: Json, levels: usize) -> Json {
    let Json::Object(members) = json else { return json };
    if levels == 0 {
        return Json::Object(members);
    }
    let is_list = !members.is_empty() && members.keys().all(|name| name.parse::<u32>().is_ok());
    let mut members: Vec<(String, Json)> =
        members.into_iter().map(|(name, value)| (name, listed(value, levels - 1))).collect();
    if is_list {
        members.sort_by_key(|(name, _)| name.parse::<u32>().unwrap_or(u32::MAX));
        return members.into_iter().map(|(_, value)| value).collect();
    }
    members.into_iter().collect()
}
