//! What an app tells of tokens and cost: an object of JSON, by kinds, or as the API of a model has told it.

use offpath_core::event::{Cost, Tokens};

use crate::{
    api,
    json::{self, Ask as _, Json},
};

/// Names in use for kinds, and ours.
const KINDS: [(&str, &str); 9] = [
    ("input_cache_read", "input_cached_tokens"),
    ("cache_read_input_tokens", "input_cached_tokens"),
    ("cache_creation_input_tokens", "input_cache_creation"),
    ("output_reasoning", "output_reasoning_tokens"),
    ("input_audio", "input_audio_tokens"),
    ("output_audio", "output_audio_tokens"),
    ("prompt_tokens", "input"),
    ("completion_tokens", "output"),
    ("total_tokens", "total"),
];

/// Kinds of which there is no end are no kinds.
const MOST_KINDS: usize = 32;

/// Tokens by kind: see `docs/llm.md`. What is no object of JSON tells nothing.
#[must_use]
pub fn told_tokens(json: &str) -> Vec<Tokens> {
    let Some(told) = json::whole(json) else { return Vec::new() };
    let has = |names: &[&str]| names.iter().any(|name| told.get(name).count().is_some());
    // Anthropic's input is without what was cached; OpenAI's is all of it.
    if has(&["cache_read_input_tokens", "cache_creation_input_tokens"]) && has(&["input_tokens"]) {
        return api::anthropic::usage(&told).tokens();
    }
    if has(&["prompt_tokens", "input_tokens", "completion_tokens", "output_tokens"]) {
        return api::openai::usage(&told).tokens();
    }
    by_kind(&told, |value| value.count()).map(|(kind, count)| Tokens { kind, count }).collect()
}

/// US dollars by kind, likewise.
#[must_use]
pub fn told_costs(json: &str) -> Vec<Cost> {
    let Some(told) = json::whole(json) else { return Vec::new() };
    let usd = |value: &Json<'_>| value.number().filter(|usd| usd.is_finite() && *usd >= 0.0);
    by_kind(&told, usd).map(|(kind, usd)| Cost { kind, usd }).collect()
}

fn by_kind<'v, T>(
    told: &'v Json<'_>,
    amount: impl Fn(&Json<'_>) -> Option<T> + 'v,
) -> impl Iterator<Item = (String, T)> + 'v {
    let known = told.members().iter().filter_map(move |(name, value)| Some((name, amount(value)?)));
    known.take(MOST_KINDS).map(|(name, amount)| {
        let ours = KINDS.into_iter().find(|(theirs, _)| name == theirs).map(|(_, ours)| ours);
        (ours.unwrap_or(name).to_owned(), amount)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(json: &str) -> Vec<(String, u64)> {
        told_tokens(json).into_iter().map(|tokens| (tokens.kind, tokens.count)).collect()
    }

    fn expected(pairs: &[(&str, u64)]) -> Vec<(String, u64)> {
        pairs.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
    }

    #[test]
    fn kinds_are_told_by_our_names() {
        let told = r#"{"input": 10, "input_cache_read": 90, "output": 5.0, "total": 105, "note": "x"}"#;
        assert_eq!(
            tokens(told),
            expected(&[("input", 10), ("input_cached_tokens", 90), ("output", 5), ("total", 105)])
        );
    }

    #[test]
    fn what_an_api_has_told_is_read_as_of_that_api() {
        let openai = r#"{"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
            "prompt_tokens_details": {"cached_tokens": 60}, "completion_tokens_details": {"reasoning_tokens": 15}}"#;
        assert_eq!(
            tokens(openai),
            expected(&[
                ("input", 40),
                ("output", 5),
                ("input_cached_tokens", 60),
                ("output_reasoning_tokens", 15),
                ("total", 120)
            ])
        );
        let anthropic = r#"{"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 5}"#;
        assert_eq!(
            tokens(anthropic),
            expected(&[("input", 10), ("output", 5), ("input_cached_tokens", 90), ("total", 105)])
        );
    }

    #[test]
    fn what_is_no_amount_tells_nothing() {
        for json in ["", "7", "[1]", "{", r#"{"input": -1, "output": "x", "total": null}"#] {
            assert_eq!(tokens(json), [], "{json}");
        }
        let costs = told_costs(r#"{"input": 0.25, "total": 1, "output": -1, "x": "y"}"#);
        let costs: Vec<_> = costs.iter().map(|cost| (cost.kind.as_str(), cost.usd)).collect();
        assert_eq!(costs, [("input", 0.25), ("total", 1.0)]);
    }
}
