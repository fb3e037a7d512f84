//! What a model did, as attributes say it.

use offpath_core::event::{Cost, Generation, Tokens};
use offpath_enrich::Usage;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use serde_json::{Map, value::RawValue};

use super::{attributes::Attributes, json::Of};

/// One of these says which model it was.
pub(super) const MODELS: [&str; 8] = [
    "langfuse.observation.model.name",
    "gen_ai.request.model",
    "gen_ai.response.model",
    "llm.model_name",
    "llm.request.model_name",
    "llm.response.model_name",
    "embedding.model_name",
    "ai.model.id",
];

/// `start_unix_ns`: when the span began. `is_of_model`: whether it is known as one in which a model did something; if not, it
/// is one if a model, tokens or a cost are told.
pub(super) fn read(attributes: Attributes<'_>, start_unix_ns: u64, is_of_model: bool) -> Option<Generation> {
    let text = |names: &[&str]| attributes.first_text(names).unwrap_or_default().to_owned();
    let (usage, cost) = (usage(attributes), cost(attributes));
    let is_told = attributes.first_text(&MODELS).is_some() || !usage.is_empty() || !cost.is_empty();
    if !is_told && !is_of_model {
        return None;
    }
    let by_langfuse = attributes.text(MODELS[0]);
    let response = attributes.first_text(&["gen_ai.response.model", "llm.response.model_name"]);
    let finish_reasons = match attributes.texts("gen_ai.response.finish_reasons") {
        none if none.is_empty() => attributes.texts("llm.finish_reason"),
        reasons => reasons,
    };
    Some(Generation {
        system: text(&["gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system"]),
        operation: text(&["gen_ai.operation.name"]),
        request_model: text(&[
            MODELS[0],
            "gen_ai.request.model",
            "llm.request.model_name",
            "llm.model_name",
            "embedding.model_name",
            "ai.model.id",
        ]),
        // Langfuse has one model, and it prevails.
        response_model: response.filter(|_| by_langfuse.is_none()).unwrap_or_default().to_owned(),
        response_id: text(&["gen_ai.response.id"]),
        stream: ["gen_ai.request.stream", "gen_ai.is_streaming", "llm.is_streaming"]
            .iter()
            .any(|name| attributes.is_true(name)),
        parameters: parameters(attributes),
        usage,
        cost,
        first_token_ns: first_token_ns(attributes, start_unix_ns),
        finish_reasons,
        prompt_name: text(&[
            "langfuse.observation.prompt.name",
            "langfuse.prompt.name",
            "gen_ai.prompt.name",
        ]),
        prompt_version: ["langfuse.observation.prompt.version", "langfuse.prompt.version"]
            .iter()
            .find_map(|name| u32::try_from(attributes.count(name)?).ok())
            .unwrap_or(0),
        ..Generation::default()
    })
}

/// An object of JSON; empty if there is none.
fn parameters(attributes: Attributes<'_>) -> String {
    const TOLD: [&str; 3] = ["model", "stream", "encoding_formats"];
    let whole = [
        "langfuse.observation.model.parameters",
        "llm.invocation_parameters",
        "embedding.invocation_parameters",
    ];
    let is_object = |text: &&str| text.starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok();
    if let Some(object) = attributes.first_text(&whole).filter(is_object) {
        return object.to_owned();
    }
    let members = attributes.under("gen_ai.request.").filter(|(name, _)| !TOLD.contains(name));
    let json = |value: &Value| serde_json::to_value(Of(Some(value))).unwrap_or_default();
    let object: Map<_, _> = members.map(|(name, value)| (name.to_owned(), json(value))).collect();
    if object.is_empty() { String::new() } else { serde_json::Value::Object(object).to_string() }
}

fn usage(attributes: Attributes<'_>) -> Vec<Tokens> {
    if let Some(details) = attributes.text("langfuse.observation.usage_details") {
        return offpath_enrich::told_tokens(details);
    }
    let first = |names: &[&str]| names.iter().find_map(|name| attributes.count(name));
    let usage = Usage {
        input: first(&[
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.prompt_tokens",
            "llm.token_count.prompt",
            "llm.usage.prompt_tokens",
        ]),
        cache_read: first(&[
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_read_input_tokens",
            "llm.token_count.prompt_details.cache_read",
        ]),
        cache_write: first(&[
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
            "llm.token_count.prompt_details.cache_write",
        ]),
        input_audio: first(&["gen_ai.usage.audio.input_tokens", "llm.token_count.prompt_details.audio"]),
        output: first(&[
            "gen_ai.usage.output_tokens",
            "gen_ai.usage.completion_tokens",
            "llm.token_count.completion",
            "llm.usage.completion_tokens",
        ]),
        reasoning: first(&[
            "gen_ai.usage.reasoning.output_tokens",
            "gen_ai.usage.reasoning_tokens",
            "llm.token_count.completion_details.reasoning",
        ]),
        output_audio: first(&[
            "gen_ai.usage.audio.output_tokens",
            "llm.token_count.completion_details.audio",
        ]),
        total: first(&["gen_ai.usage.total_tokens", "llm.token_count.total", "llm.usage.total_tokens"]),
    };
    usage.tokens()
}

fn cost(attributes: Attributes<'_>) -> Vec<Cost> {
    if let Some(details) = attributes.text("langfuse.observation.cost_details") {
        return offpath_enrich::told_costs(details);
    }
    let kinds = [
        ("input", &["llm.cost.prompt"][..]),
        ("output", &["llm.cost.completion"]),
        ("total", &["gen_ai.usage.cost", "llm.cost.total"]),
    ];
    let usd = |names: &[&str]| names.iter().find_map(|name| attributes.number(name));
    let known = kinds.into_iter().filter_map(|(kind, names)| Some((kind, usd(names)?)));
    let sound = known.filter(|(_, usd)| usd.is_finite() && *usd >= 0.0);
    sound.map(|(kind, usd)| Cost { kind: kind.to_owned(), usd }).collect()
}

fn first_token_ns(attributes: Attributes<'_>, start_unix_ns: u64) -> Option<u64> {
    if let Some(time) = attributes.text("langfuse.observation.completion_start_time") {
        return unix_ns(time)?.checked_sub(start_unix_ns);
    }
    let seconds = attributes.number("gen_ai.response.time_to_first_chunk");
    let milliseconds = || {
        let names = ["ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"];
        Some(names.iter().find_map(|name| attributes.number(name))? / 1e3)
    };
    let seconds = seconds.or_else(milliseconds)?;
    let duration = std::time::Duration::try_from_secs_f64(seconds).ok()?;
    u64::try_from(duration.as_nanos()).ok()
}

/// Nanoseconds since the Unix epoch of a time of ISO 8601, which may stand in quotation marks, as Langfuse's SDK writes it.
/// One without an offset is in UTC.
fn unix_ns(text: &str) -> Option<u64> {
    /// Where the time of day ends at the earliest.
    const OFFSET: usize = "2026-11-20T08:00".len();
    let text = text.trim_matches('"');
    let sign = text.get(OFFSET..)?.find(['+', '-']).map(|at| at + OFFSET);
    let (time, offset) = sign.map_or((text, "+00:00"), |at| text.split_at(at));
    let time = humantime::parse_rfc3339_weak(time).ok()?;
    let nanos = i128::try_from(time.duration_since(std::time::UNIX_EPOCH).ok()?.as_nanos()).ok()?;
    let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = hours.parse::<i128>().ok()? * 60 + minutes.get(..2).unwrap_or("0").parse::<i128>().ok()?;
    let east = if offset.starts_with('-') { -minutes } else { minutes };
    u64::try_from(nanos - east * 60_000_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_with_any_offset_and_in_quotation_marks() {
        let expected = Some(1_795_161_600_250_000_000);
        for text in [
            "\"2026-11-20T08:00:00.250000+00:00\"",
            "2026-11-20T08:00:00.250Z",
            "2026-11-20T08:00:00.250",
            "2026-11-20T09:30:00.250+01:30",
            "2026-11-20T03:00:00.250-0500",
        ] {
            assert_eq!(unix_ns(text), expected, "{text}");
        }
        for text in [
            "",
            "today",
            "2026-11-20",
            "2026-11-20T08:00:00+é",
            "2026-11-20T08:00:00+x",
            "é".repeat(20).as_str(),
        ] {
            assert_eq!(unix_ns(text), None, "{text}");
        }
    }
}
