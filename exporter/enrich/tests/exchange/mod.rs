//! Exchanges of a test, and what is read of them.

use offpath_enrich::{Call, Ending, Reading, Text};
use serde_json::{Map, Value};

#[allow(dead_code, reason = "not all go well")]
/// What is read of an exchange that went well, and that is one with a model.
pub(crate) fn read(path: &str, asked: &str, answered: impl Into<String>) -> Reading {
    heard(path, asked, Text::whole(answered.into())).expect("an exchange with a model")
}

/// What is read of an exchange whose answer is, or is not, all there.
pub(crate) fn heard(path: &str, asked: &str, response: Text<'_>) -> Option<Reading> {
    let (status, ending) = (200, Ending::Whole);
    let request = Text::whole(asked);
    offpath_enrich::read(&Call { path, status, request, response, ending, ..Call::default() })
}

/// Server-sent events.
#[allow(dead_code, reason = "not all have them")]
pub(crate) fn events(events: &[&str]) -> String {
    events.iter().map(|data| format!("data: {data}\n\n")).collect()
}

/// One document a line.
#[allow(dead_code, reason = "not all have them")]
pub(crate) fn lines(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// What was written as JSON.
pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// Tokens by kind.
#[allow(dead_code, reason = "not all count")]
pub(crate) fn usage(reading: &Reading) -> Value {
    let usage = reading.generation.usage.iter();
    usage.map(|tokens| (tokens.kind.clone(), tokens.count.into())).collect::<Map<_, _>>().into()
}
