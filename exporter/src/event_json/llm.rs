//! What a model did, in JSON.

use std::collections::BTreeMap;

use offpath_core::event::Generation;
use serde::Serialize;
use serde_json::value::RawValue;

use super::known;
use crate::speed::tokens_per_second;

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
    estimated: bool,
    first_token_ns: Option<u64>,
    tokens_per_second: Option<f64>,
    finish_reasons: &'a [String],
    partial: bool,
    error_kind: Option<&'a str>,
    prompt_name: Option<&'a str>,
    prompt_version: Option<u32>,
}

impl<'a> LlmJson<'a> {
    /// `duration_ns`: how long all of it took, which is the event's to tell.
    pub(super) fn new(generation: &'a Generation, duration_ns: u64) -> Self {
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
            estimated: generation.estimated,
            first_token_ns: generation.first_token_ns,
            tokens_per_second: tokens_per_second(generation, duration_ns),
            finish_reasons: &generation.finish_reasons,
            partial: generation.partial,
            error_kind: known(&generation.error_kind),
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
