//! What programs see of a tried exchange: one object on a line.

use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    outcome::{Counts, headers_left_out},
    recorded::Recorded,
    replay::Verdict,
};
use crate::{config::Rules, event_json};

#[derive(Serialize)]
struct Line<'a> {
    /// As it was named.
    input: String,
    /// Among all that were tried, from 1.
    index: u64,
    method: &'a str,
    url: String,
    status: Option<u16>,
    /// The version of the rules.
    rules: &'a str,
    /// Its name; `null` for `[capture]` alone.
    rule: Option<&'a str>,
    rule_index: Option<usize>,
    /// Whether the rule records.
    recorded: bool,
    sampled: Sampled<'a>,
    /// As what the rule has the bodies read.
    llm: &'a str,
    headers_left_out: Vec<String>,
    masked: u64,
    cut: u64,
    bytes: u64,
    bytes_kept: u64,
    /// The event that would be stored; `null` if there is none.
    event: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Sampled<'a> {
    /// Whether it is kept: with its own trace-id, or, if `by_chance`, with one that the rate keeps.
    kept: bool,
    rate: f64,
    /// Why it is kept.
    because: Option<&'a str>,
    /// Whether that depends on a trace-id that the recording does not have.
    by_chance: bool,
}

/// Appends the line.
pub(super) fn write(
    input: &Path,
    index: u64,
    recorded: &Recorded,
    verdict: &Verdict,
    counts: &Counts,
    rules: &Rules,
    out: &mut String,
) {
    let sampling = &verdict.sampling;
    let because = sampling.whatever.as_deref().or(sampling.because.as_deref());
    let because = because.filter(|_| verdict.event.is_some());
    let by_chance = because.is_some() && sampling.whatever.is_none() && !sampling.trace_known;
    let event = verdict.event.as_ref().map(event_json::to_string);
    let line = Line {
        input: input.display().to_string(),
        index,
        method: &recorded.method,
        url: recorded.url(),
        status: recorded.status,
        rules: rules.config.version(),
        rule: verdict.rule.and_then(|rule| rules.config.rule_names().nth(rule)),
        rule_index: verdict.rule,
        recorded: verdict.recorded,
        sampled: Sampled { kept: verdict.event.is_some(), rate: sampling.rate, because, by_chance },
        llm: if verdict.llm.is_empty() { "auto" } else { &verdict.llm },
        headers_left_out: headers_left_out(recorded, verdict),
        masked: counts.masked,
        cut: counts.cut,
        bytes: counts.came,
        bytes_kept: counts.kept,
        event: event.and_then(|event| RawValue::from_string(event).ok()),
    };
    // Only strings are keys, and JSON stays JSON.
    out.push_str(&serde_json::to_string(&line).unwrap_or_default());
    out.push('\n');
}
