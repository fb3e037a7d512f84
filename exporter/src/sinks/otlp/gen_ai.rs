//! What a model did, by OpenTelemetry's names for generative AI.
//! Source: <https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md>.

mod messages;

use offpath_core::event::{Event, Generation};
use serde_json::{Map, Value};

pub(super) use self::messages::add as add_messages;
use super::attributes::Attributes;
use crate::usage::Usage;

pub(super) fn add(attributes: &mut Attributes, event: &Event, generation: &Generation) {
    attributes.text("gen_ai.operation.name", generation.operation.as_str());
    attributes.text("gen_ai.provider.name", generation.system.as_str());
    attributes.text("gen_ai.conversation.id", event.session_id.as_str());
    attributes.text("gen_ai.request.model", generation.request_model.as_str());
    attributes.text("gen_ai.response.model", generation.response_model.as_str());
    attributes.text("gen_ai.response.id", generation.response_id.as_str());
    attributes.texts("gen_ai.response.finish_reasons", generation.finish_reasons.iter().map(String::as_str));
    if generation.stream {
        attributes.flag("gen_ai.request.stream", true);
    }
    if let Some(first_token_ns) = generation.first_token_ns {
        attributes.number("gen_ai.response.time_to_first_chunk", first_token_ns as f64 / 1e9);
    }
    attributes.text("gen_ai.prompt.name", generation.prompt_name.as_str());
    attributes.text("offpath.error_kind", generation.error_kind.as_str());
    if generation.partial {
        attributes.flag("offpath.partial", true);
    }
    add_usage(attributes, generation);
    add_parameters(attributes, &generation.parameters);
}

fn add_usage(attributes: &mut Attributes, generation: &Generation) {
    let usage = Usage::of_tokens(generation);
    for (name, tokens) in [
        ("gen_ai.usage.input_tokens", usage.input()),
        ("gen_ai.usage.output_tokens", usage.output()),
        ("gen_ai.usage.cache_read.input_tokens", usage.cache_read()),
        ("gen_ai.usage.cache_creation.input_tokens", usage.cache_write()),
        ("gen_ai.usage.reasoning.output_tokens", usage.reasoning()),
        ("gen_ai.usage.audio.input_tokens", usage.audio_input()),
        ("gen_ai.usage.audio.output_tokens", usage.audio_output()),
    ] {
        if let Some(tokens) = tokens {
            attributes.int(name, tokens);
        }
    }
    // The conventions have no name for these.
    if let Some(usd) = generation.cost_usd() {
        attributes.number("offpath.cost_usd", usd);
    }
    if generation.estimated {
        attributes.flag("offpath.usage.estimated", true);
    }
}

/// As the APIs of models name them, and as the conventions do.
const NUMBERS: [(&str, &str); 5] = [
    ("temperature", "gen_ai.request.temperature"),
    ("top_p", "gen_ai.request.top_p"),
    ("top_k", "gen_ai.request.top_k"),
    ("frequency_penalty", "gen_ai.request.frequency_penalty"),
    ("presence_penalty", "gen_ai.request.presence_penalty"),
];
/// The first of these names that is there.
const COUNTS: [(&[&str], &str); 3] = [
    (&["max_tokens", "max_completion_tokens", "max_output_tokens"], "gen_ai.request.max_tokens"),
    (&["n", "candidate_count"], "gen_ai.request.choice.count"),
    (&["seed"], "gen_ai.request.seed"),
];

fn add_parameters(attributes: &mut Attributes, parameters: &str) {
    if parameters.is_empty() {
        return;
    }
    let Ok(parameters) = serde_json::from_str::<Map<String, Value>>(parameters) else { return };
    for (told, name) in NUMBERS {
        if let Some(number) = parameters.get(told).and_then(Value::as_f64) {
            attributes.number(name, number);
        }
    }
    for (told, name) in COUNTS {
        if let Some(count) = told.iter().find_map(|key| parameters.get(*key)?.as_u64()) {
            attributes.int(name, count);
        }
    }
    let stop = parameters.get("stop").or_else(|| parameters.get("stop_sequences"));
    let sequences: Vec<&str> = match stop {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => Vec::new(),
    };
    attributes.texts("gen_ai.request.stop_sequences", sequences);
}
