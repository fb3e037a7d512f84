//! Streams in which several answers come at the same time, and events that are written in another way.

#[allow(dead_code, reason = "no test needs all of it")]
mod traffic;

use std::collections::BTreeMap;

use offpath_enrich::{Call, Format, Reading, Text};
use proptest::prelude::*;
use serde_json::{Value, json};
use traffic::{cases, said};

fn read(format: Format, response: String) -> Reading {
    let call = Call { status: 200, response: Text::whole(response), format: Some(format), ..Call::default() };
    offpath_enrich::read(&call).expect("a reading")
}

/// Texts of each answer, one after the other.
fn joined(parts: &[(u64, String)]) -> Vec<String> {
    let mut texts: BTreeMap<u64, String> = BTreeMap::new();
    parts.iter().for_each(|(index, text)| texts.entry(*index).or_default().push_str(text));
    texts.into_values().collect()
}

fn events(parts: &[(u64, String)], event: impl Fn(u64, &str) -> Value) -> String {
    parts.iter().map(|(index, text)| format!("data: {}\n\n", event(*index, text))).collect()
}

fn texts(reading: &Reading) -> Vec<String> {
    said(reading).into_iter().map(|said| said.texts.into_iter().next().unwrap_or_default()).collect()
}

/// Parts of answers, of numbers that may be far apart.
fn parts() -> impl Strategy<Value = Vec<(u64, String)>> {
    let index = prop_oneof![0_u64..4, Just(1 << 40)];
    prop::collection::vec((index, ".{0,6}"), 1..40)
}

proptest! {
    #[test]
    fn each_answer_has_its_own_parts_in_their_order(parts in parts()) {
        let openai = |index, text: &str| json!({"choices": [{"index": index, "delta": {"content": text}}]});
        prop_assert_eq!(texts(&read(Format::OpenAiChat, events(&parts, openai))), joined(&parts));
        let gemini = |index, text: &str| json!({"candidates": [{"content": {"parts": [{"text": text}]}, "index": index}]});
        prop_assert_eq!(texts(&read(Format::GeminiGenerate, events(&parts, gemini))), joined(&parts));
    }

    #[test]
    fn each_call_of_a_tool_has_its_own_parts(parts in parts()) {
        let event = |index, text: &str| {
            let call = json!({"index": index, "function": {"arguments": text}});
            json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
        };
        let reading = read(Format::OpenAiChat, events(&parts, event));
        let calls = said(&reading).into_iter().next().map(|said| said.calls).unwrap_or_default();
        prop_assert_eq!(calls, joined(&parts));
    }
}

#[test]
fn events_are_the_same_however_their_lines_end_and_break() {
    for case in cases().iter().filter(|case| case.response.starts_with("data: {")) {
        let whole = case.read(&case.response).expect("a reading");
        let unix = case.response.replace("\r\n", "\n");
        let over_lines = |line: &str| match line.strip_prefix("data: ").map(serde_json::from_str::<Value>) {
            Some(Ok(value)) => {
                let text = serde_json::to_string_pretty(&value).expect("JSON");
                text.lines().map(|line| format!("data: {line}\n")).collect()
            }
            _ => format!("{line}\n"),
        };
        let broken: String = unix.lines().map(over_lines).collect();
        for text in [unix.replace('\n', "\r\n"), unix.replace('\n', "\r"), broken] {
            let reading = case.read(&text).expect("a reading");
            let same = (&reading.generation, &reading.failure) == (&whole.generation, &whole.failure);
            assert!(same, "{}: {reading:?}\n{whole:?}", case.name);
        }
    }
}
