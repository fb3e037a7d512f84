//! What real clients said and heard, read as it was expected to be: `tests/llm/corpus`.
//!
//! What came compressed is text only to the exporter, whose own tests read it.

mod frames;

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
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

/// A body: texts, and what is none.
fn bytes(parts: &[Value]) -> Vec<u8> {
    let bytes = |part: &Value| match part.as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => STANDARD.decode(part["base64"].as_str().unwrap_or_default()).expect("base64"),
    };
    parts.iter().flat_map(bytes).collect()
}

/// The answer as text; `None` where it is none.
fn answer(response: &Value) -> Option<String> {
    let bytes = bytes(response["chunks"].as_array().expect("chunks"));
    let is_frames = response["headers"].to_string().contains("application/vnd.amazon.eventstream");
    if is_frames { Some(frames::lines(&bytes)) } else { String::from_utf8(bytes).ok() }
}

fn read(case: &Value) -> Option<Option<Reading>> {
    let (request, response) = (&case["request"], &case["response"]);
    let sent = String::from_utf8(bytes(std::slice::from_ref(&request["body"]))).ok()?;
    let came = answer(response)?;
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
fn told(reading: Option<Reading>, headers: &Value) -> Value {
    let Some(Reading { generation, failure, .. }) = reading else { return Value::Null };
    // AWS names it in a header, which is the exporter's to look at.
    let header = headers.as_array().into_iter().flatten().find(|header| header[0] == "x-amzn-errortype");
    let r#type = |told: String| {
        if told.is_empty() { header.map_or(json!(""), |header| header[1].clone()) } else { told.into() }
    };
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
        "error": failure.map(|failure| json!({"type": r#type(failure.r#type), "message": failure.message})),
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
    // Where the corpus has none, the API does not tell, and what is found instead is up to who shows it.
    let is_told = |name: &&str| expected["error"].is_null() || !expected["error"][*name].is_null();
    let errors = ["type", "message"].into_iter().filter(is_told);
    let errors = errors.map(|name| (name, &expected["error"][name], &told["error"][name]));
    let pairs = pairs.chain(errors);
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
        let differences = differences(&case["expected"], &told(reading, &case["response"]["headers"]));
        if !differences.is_empty() {
            wrong.push(format!("{name}: {}", differences.join("\n ")));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n\n{}", wrong.len(), wrong.join("\n\n"));
}
