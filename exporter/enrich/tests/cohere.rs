//! Cohere's APIs: what the corpus does not have.

mod exchange;

use exchange::{events, heard, json, lines, read, usage};
use offpath_enrich::{Call, Text};
use serde_json::json;

const ASKED: &str = r#"{"model":"command-a","messages":[{"role":"user","content":"Hi"}],"stream":true}"#;
const ASKED_V1: &str = r#"{"model":"command-r","message":"Hi","stream":true}"#;
const START: &str = r#"{"id":"c-1","type":"message-start","delta":{"message":{"role":"assistant"}}}"#;
const SAYS: &str = r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Hello"}}}}"#;

#[test]
fn a_failure_at_the_end_says_what_went_wrong() {
    let end = r#"{"type":"message-end","delta":{"finish_reason":"ERROR","error":"out of memory"}}"#;
    let reading = read("/v2/chat", ASKED, events(&[START, SAYS, end]));
    assert_eq!(reading.generation.finish_reasons, ["ERROR"]);
    assert_eq!(reading.failure.map(|failure| failure.message).as_deref(), Some("out of memory"));
}

#[test]
fn calls_whose_number_is_not_told_follow_each_other() {
    let start = |id: &str| {
        format!(
            r#"{{"type":"tool-call-start","delta":{{"message":{{"tool_calls":{{"id":"{id}","function":{{"name":"f","arguments":""}}}}}}}}}}"#
        )
    };
    let delta = r#"{"type":"tool-call-delta","index":"x","delta":{"message":{"tool_calls":{"function":{"arguments":"{}"}}}}}"#;
    let reading = read("/v2/chat", ASKED, events(&[START, &start("a"), delta, &start("b"), delta]));
    let call = |id| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    assert_eq!(json(&reading.generation.output)[0]["tool_calls"], json!([call("a"), call("b")]));
}

#[test]
fn tokens_are_those_that_are_billed_or_else_all() {
    let end = |usage: &str| {
        let end =
            format!(r#"{{"type":"message-end","delta":{{"finish_reason":"COMPLETE","usage":{usage}}}}}"#);
        usage_of(&events(&[START, SAYS, &end, "[DONE]"]))
    };
    assert_eq!(
        end(r#"{"tokens":{"input_tokens":5,"output_tokens":2},"cached_tokens":4}"#),
        json!({"input": 1, "input_cached_tokens": 4, "output": 2, "total": 7})
    );
    assert_eq!(
        end(
            r#"{"billed_units":{"input_tokens":3},"tokens":{"input_tokens":5,"output_tokens":2},"cached_tokens":4}"#
        ),
        json!({"input": 3, "output": 2, "total": 5})
    );
    assert_eq!(end(r#"{"billed_units":[],"tokens":"5"}"#), json!({}));
}

fn usage_of(stream: &str) -> serde_json::Value {
    let reading = read("/v2/chat", ASKED, stream);
    assert!(reading.has_ended && !reading.generation.partial);
    usage(&reading)
}

#[test]
fn the_history_of_version_1_has_calls_and_what_they_gave() {
    let call = json!({"name": "f", "parameters": {"x": 1}});
    let asked = json!({"model": "command-r", "message": "", "preamble": "Be brief.", "chat_history": [
        {"role": "USER", "message": "Hi"}, {"role": "CHATBOT", "message": "", "tool_calls": [call]},
        {"role": "TOOL", "tool_results": [{"call": call, "outputs": [{"y": 2}]}]}, 7],
        "tool_results": [{"call": call, "outputs": [{"y": 3}]}]});
    let reading = read("/v1/chat", &asked.to_string(), r#"{"generation_id":"g","text":""}"#);
    let call = json!({"type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}});
    let expected = json!([
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "name": "f", "content": "[{\"y\":2}]"}, {"role": "tool", "name": "f", "content": "[{\"y\":3}]"}]);
    assert_eq!(json(&reading.generation.input), expected);
}

#[test]
fn calls_of_version_1_come_in_chunks_and_then_as_a_whole() {
    let chunks = [
        r#"{"event_type":"stream-start","generation_id":"g"}"#,
        r#"{"event_type":"tool-calls-chunk","text":"I look."}"#,
        r#"{"event_type":"tool-calls-chunk","tool_call_delta":{"index":0,"name":"f"}}"#,
        r#"{"event_type":"tool-calls-chunk","tool_call_delta":{"index":0,"parameters":"{\"x\""}}"#,
    ];
    let output = |stream: &[&str]| json(&read("/v1/chat", ASKED_V1, lines(stream)).generation.output);
    let says = |arguments: &str| {
        let call = json!({"type": "function", "function": {"name": "f", "arguments": arguments}});
        json!([{"role": "assistant", "content": "I look.", "tool_calls": [call]}])
    };
    assert_eq!(output(&chunks), says("{\"x\""));
    let whole = r#"{"event_type":"tool-calls-generation","text":"I look.","tool_calls":[{"name":"f","parameters":{"x":1}}]}"#;
    assert_eq!(output(&[&chunks[..], &[whole]].concat()), says("{\"x\":1}"));
}

#[test]
fn the_end_of_a_stream_of_version_1_has_all_of_it_again() {
    let head =
        lines(&[r#"{"event_type":"stream-start"}"#, r#"{"event_type":"text-generation","text":"He"}"#]);
    let tail = r#"{"event_type":"stream-end","finish_reason":"COMPLETE","response":{"response_id":"r","text":"Hello","meta":{"tokens":{"input_tokens":3,"output_tokens":2}}}}"#;
    let reading = heard("/v1/chat", ASKED_V1, Text::ends(head, tail)).expect("an answer");
    assert_eq!(json(&reading.generation.output), json!([{"role": "assistant", "content": "Hello"}]));
    assert_eq!((reading.generation.response_id.as_str(), reading.has_ended), ("r", true));
    let one = read("/v1/chat", ASKED_V1, r#"{"event_type":"text-generation","text":"He"}"#);
    assert!(one.generation.stream && one.generation.partial);
}

#[test]
fn pictures_are_embedded_and_objects_ranked() {
    let asked = json!({"model": "embed-v4.0", "images": ["data:image/png;base64,AA=="],
        "inputs": [{"content": [{"type": "text", "text": "a"}]}]});
    let answered = r#"{"id":"e","embeddings":{"float":[[0.5]]},"meta":{"billed_units":{"image_tokens":4}}}"#;
    let reading = read("/v2/embed", &asked.to_string(), answered);
    let image = json!({"type": "image", "url": "data:image/png;base64,AA=="});
    let expected = json!([{"role": "user", "content": [image]}, {"role": "user", "content": "a"}]);
    assert_eq!(json(&reading.generation.input), expected);
    assert_eq!(usage(&reading), json!({"input": 4, "total": 4}));
    let asked = json!({"model": "r", "query": "q", "documents": [{"title": "t"}, {"text": "x"}]});
    let answered =
        r#"{"model":"r-1","results":[{"index":0,"relevance_score":0.5}],"usage":{"total_tokens":9}}"#;
    let reading = read("/v1/rerank", &asked.to_string(), answered);
    assert_eq!(json(&reading.generation.input)[1]["content"], "{\"title\":\"t\"}");
    assert_eq!(usage(&reading), json!({"input": 9, "total": 9}));
}

#[test]
fn apis_of_others_are_left_alone() {
    let speaks = |path, asked, answered: &'static str| heard(path, asked, Text::whole(answered)).is_some();
    assert!(!speaks("/v1/chat", r#"{"message":"Hi","room":7}"#, r#"{"message":"Hi!"}"#));
    assert!(!speaks("/v2/chat", ASKED, r#"{"reply":"Hi!"}"#));
    assert!(!speaks("/chat", ASKED, r#"{"message":{"role":"assistant","content":[]}}"#));
    assert!(!speaks("/v1/embed", r#"{"url":"https://x"}"#, r#"{"html":"<iframe>"}"#));
    assert!(!speaks("/v1/rerank", r#"{"query":"q","texts":["a"]}"#, r#"[{"index":0,"score":0.5}]"#));
    assert!(speaks("/v2/chat", ASKED, ""));
}

#[test]
fn errors_are_of_the_api_that_was_asked() {
    let (request, response) = (Text::whole(ASKED), Text::whole(r#"{"message":"invalid api token"}"#));
    let call = Call { path: "/v2/chat", status: 401, request, response, ..Call::default() };
    let failure = offpath_enrich::read(&call).expect("Cohere's").failure.expect("a failure");
    assert_eq!((failure.kind, failure.message.as_str()), ("authentication", "invalid api token"));
}
