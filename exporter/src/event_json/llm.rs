//! What a model did, in JSON.

use std::collections::BTreeMap;

use offpath_core::event::Generation;
use serde::Serialize;
use serde_json::value::RawValue;

use super::known;

#[derive(Debug, Serialize)]
pub(super) struct LlmJson<'a> {
    system: Option<&'a str>,
    operation: Option<&'a str>,
    request_model: Option<&'a str>,
    response_model: Option<&'a str>,
    response_id: Option<&'a str>,
    stream: bool,
    parameters: Option<&'a RawValue>,
    input: Option<&'a RawValue>,
    output: Option<&'a RawValue>,
    usage: BTreeMap<&'a str, u64>,
    cost: BTreeMap<&'a str, f64>,
    cost_usd: Option<f64>,
    first_token_ns: Option<u64>,
    finish_reasons: &'a [String],
    partial: bool,
    prompt_name: Option<&'a str>,
    prompt_version: Option<u32>,
}

impl<'a> LlmJson<'a> {
    pub(super) fn new(generation: &'a Generation) -> Self {
        let usage = generation.usage.iter().map(|tokens| (tokens.kind.as_str(), tokens.count));
        // JSON has no infinities.
        let cost = generation.cost.iter().filter(|cost| cost.usd.is_finite());
        Self {
            system: known(&generation.system),
            operation: known(&generation.operation),
            request_model: known(&generation.request_model),
            response_model: known(&generation.response_model),
            response_id: known(&generation.response_id),
            stream: generation.stream,
            parameters: json(&generation.parameters),
            input: json(&generation.input),
            output: json(&generation.output),
            usage: usage.collect(),
            cost: cost.map(|cost| (cost.kind.as_str(), cost.usd)).collect(),
            cost_usd: generation.cost_usd().filter(|usd| usd.is_finite()),
            first_token_ns: generation.first_token_ns,
            finish_reasons: &generation.finish_reasons,
            partial: generation.partial,
            prompt_name: known(&generation.prompt_name),
            prompt_version: (generation.prompt_version != 0).then_some(generation.prompt_version),
        }
    }
}

/// JSON as it is; `None` for what is none, which would spoil the line that it stands in.
fn json(text: &str) -> Option<&RawValue> {
    let value: &RawValue = serde_json::from_str(text).ok()?;
    // One event is one line.
    (!value.get().contains(['\n', '\r'])).then_some(value)
}
