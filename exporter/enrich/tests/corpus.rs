//! What real clients said and heard, read as it was expected to be: `tests/llm/corpus`.
//!
//! What came compressed or in frames is text only to the exporter, whose own tests read it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use offpath_enrich::{Call, Ending, Reading, Text};
use serde_json::{Map, Value, json};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/llm/corpus")
}

/// All cases, by their names.
fn cases() -> Vec<(String, Value)> {
    let mut cases = Vec::new();
    for family in fs::read_dir(corpus()).expect("the corpus") {
        let family = family.expect("a family").path();
        for case in fs::read_dir(&family).expect("a folder") {
            let path = case.expect("a case").path();
            let name = format!("{}/{}", folder(&family), folder(&path));
            cases.push((name, serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON")));
        }
    }
    cases.sort_by(|(left, _), (right, _)| left.cmp(right));
    cases
}

fn folder(path: &Path) -> String {
    path.file_stem().expect("a name").to_string_lossy().into_owned()
}

/// A body as text; `None` where it is none.
fn text(parts: &[Value]) -> Option<String> {
    parts.iter().map(Value::as_str).collect()
}

fn read(case: &Value) -> Option<Option<Reading>> {
    let (request, response) = (&case["request"], &case["response"]);
    let sent = text(std::slice::from_ref(&request["body"]))?;
    let came = text(response["chunks"].as_array().expect("chunks"))?;
    let ending = if case["ending"].is_null() { Ending::Whole } else { Ending::BrokenOff };
    let call = Call {
        host: request["host"].as_str().unwrap_or_default(),
        path: request["path"].as_str().expect("a path"),
        query: request["query"].as_str().unwrap_or_default(),
        status: u32::try_from(response["status"].as_u64().unwrap_or(0)).expect("a status"),
        request: Text::whole(sent),
        response: Text::whole(came),
        ending,
        format: None,
    };
    Some(offpath_enrich::read(&call))
}

/// What was read, in the form of the corpus.
fn told(reading: Option<Reading>) -> Value {
    let Some(Reading { generation, failure, .. }) = reading else { return Value::Null };
    let json = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
    let usage: Map<String, Value> =
        generation.usage.iter().map(|tokens| (tokens.kind.clone(), tokens.count.into())).collect();
    json!({
        "llm": {
            "system": generation.system, "operation": generation.operation,
            "request_model": generation.request_model, "response_model": generation.response_model,
            "response_id": generation.response_id, "stream": generation.stream,
            "input": json(&generation.input), "output": json(&generation.output),
            "parameters": json(&generation.parameters), "usage": usage, "finish_reasons": generation.finish_reasons,
            "partial": generation.partial, "error_kind": failure.as_ref().map(|failure| failure.kind),
        },
        "error": failure.map(|failure| json!({"type": failure.r#type, "message": failure.message})),
    })
}

/// What is expected and not so.
fn differences(expected: &Value, told: &Value) -> Vec<String> {
    if expected.is_null() || told.is_null() {
        return if expected == told {
            Vec::new()
        } else {
            vec![format!("expected {expected}\n   got {told}")]
        };
    }
    let members = expected["llm"].as_object().expect("fields").iter();
    let pairs = members.map(|(key, expected)| (key.as_str(), expected, &told["llm"][key]));
    let pairs = pairs.chain([("error", &expected["error"], &told["error"])]);
    let is_nothing = |value: &Value| {
        *value == Value::Null || *value == json!("") || *value == json!([]) || *value == json!({})
    };
    let differ = pairs
        .filter(|(_, expected, told)| !(same(expected, told) || is_nothing(expected) && is_nothing(told)));
    differ.map(|(key, expected, told)| format!("{key}\n  expected {expected}\n       got {told}")).collect()
}

/// Whether two values say the same: 20 and 20.0 are one number.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let is_in =
                |(key, left): (&String, &Value)| right.get(key).is_some_and(|right| same(left, right));
            left.len() == right.len() && left.iter().all(is_in)
        }
        _ => left == right,
    }
}

#[test]
fn what_clients_said_and_heard_is_read_as_it_was_meant() {
    // One family, or one case, is quicker to look at.
    let only = std::env::var("CORPUS").unwrap_or_default();
    let mut wrong = Vec::new();
    for (name, case) in cases().iter().filter(|(name, _)| name.contains(&only)) {
        let Some(reading) = read(case) else { continue };
        let differences = differences(&case["expected"], &told(reading));
        if !differences.is_empty() {
            wrong.push(format!("{name}: {}", differences.join("\n ")));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n\n{}", wrong.len(), wrong.join("\n\n"));
}
