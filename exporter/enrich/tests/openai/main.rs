//! What the corpus does not have of OpenAI's APIs: cuts anywhere, wrong types anywhere, and what others add.

mod chat;
mod damage;
mod other;
mod responses;

use offpath_enrich::{Call, Ending, Reading, Text};
use serde_json::{Map, Value, json};

const CHAT: &str = "/v1/chat/completions";
const RESPONSES: &str = "/v1/responses";

fn call<'t>(path: &'t str, request: &Value, response: impl Into<Body<'t>>) -> Call<'t> {
    let sent = if request.is_null() { String::new() } else { request.to_string() };
    Call {
        host: "llm.example",
        path,
        status: 200,
        request: Text::whole(sent),
        response: response.into().0,
        ..Call::default()
    }
}

/// A body: JSON as it is, or a text.
struct Body<'t>(Text<'t>);

impl From<&Value> for Body<'_> {
    fn from(value: &Value) -> Self {
        Self(Text::whole(value.to_string()))
    }
}

impl<'t> From<Text<'t>> for Body<'t> {
    fn from(text: Text<'t>) -> Self {
        Self(text)
    }
}

impl From<String> for Body<'_> {
    fn from(text: String) -> Self {
        Self(Text::whole(text))
    }
}

fn read(call: &Call<'_>) -> Reading {
    offpath_enrich::read(call).expect("an exchange with a model")
}

fn events(events: &[Value]) -> String {
    events.iter().map(|event| format!("data: {event}\n\n")).collect()
}

fn output(reading: &Reading) -> Value {
    serde_json::from_str(&reading.generation.output).unwrap_or(Value::Null)
}

fn input(reading: &Reading) -> Value {
    serde_json::from_str(&reading.generation.input).unwrap_or(Value::Null)
}

fn usage(reading: &Reading) -> Value {
    reading
        .generation
        .usage
        .iter()
        .map(|tokens| (tokens.kind.clone(), Value::from(tokens.count)))
        .collect::<Map<_, _>>()
        .into()
}

fn asked() -> Value {
    json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]})
}

fn answered(message: &Value) -> Value {
    json!({"id": "1", "model": "m-1", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
}

fn item(text: &str) -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
           "content": [{"type": "output_text", "text": text}]})
}

fn response(status: &str, output: &[Value]) -> Value {
    json!({
        "id": "resp_1", "object": "response", "status": status, "model": "m-1", "output": output,
        "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}, "user": null,
    })
}

fn streamed(text: &[&str]) -> Vec<Value> {
    let whole = text.concat();
    let at = |kind: &str, key: &str, value: &str| json!({"type": kind, "output_index": 0, "content_index": 0, key: value});
    let mut all = vec![
        json!({"type": "response.created", "response": {"id": "resp_1", "object": "response", "status": "in_progress", "model": "m-1"}}),
    ];
    all.push(json!({"type": "response.output_item.added", "output_index": 0, "item": item("")}));
    all.extend(text.iter().map(|delta| at("response.output_text.delta", "delta", delta)));
    all.push(at("response.output_text.done", "text", &whole));
    all.push(json!({"type": "response.output_item.done", "output_index": 0, "item": item(&whole)}));
    all.push(json!({"type": "response.completed", "response": response("completed", &[item(&whole)])}));
    all
}

fn asks_for_a_response() -> Value {
    json!({"model": "m", "input": "Hi", "stream": true})
}
