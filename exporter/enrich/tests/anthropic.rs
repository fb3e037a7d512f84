//! Anthropic's messages: what the corpus does not have.

mod exchange;

use exchange::{events, heard, json, read, usage};
use offpath_enrich::Text;
use serde_json::json;

const PATH: &str = "/v1/messages";
const ASKED: &str =
    r#"{"model":"claude-x","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;
const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x-1","content":[],"usage":{"input_tokens":7,"cache_read_input_tokens":3,"output_tokens":1}}}"#;
const SAYS: &str = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}"#;
const END: &str =
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#;
const STOP: &str = r#"{"type":"message_stop"}"#;

#[test]
fn results_of_tools_are_messages_of_their_own_where_they_stand() {
    let asked = json!({"model": "claude-x", "max_tokens": 9, "system": [{"type": "text", "text": "Be "}, {"type": "text", "text": "brief."}],
        "messages": [
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "s"}, {"type": "redacted_thinking", "data": "x"},
                {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
                {"type": "tool_use", "id": "t", "name": "now", "input": {}}]},
            {"role": "user", "content": [
                {"type": "text", "text": "Here:"},
                {"type": "tool_result", "tool_use_id": "t", "is_error": true, "content": [
                    {"type": "text", "text": "a"}, {"type": "image", "source": {"type": "file", "file_id": "f"}}]},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "d"}},
                {"type": "later", "x": 1}]}]});
    let reading = read(PATH, &asked.to_string(), events(&[START]));
    let call = json!({"id": "t", "type": "function", "function": {"name": "now", "arguments": "{}"}});
    let expected = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "assistant", "content": null, "reasoning": "Hm.", "tool_calls": [call]},
        {"role": "user", "content": "Here:"},
        {"role": "tool", "tool_call_id": "t", "content": [{"type": "text", "text": "a"}, {"type": "image", "id": "f"}]},
        {"role": "user", "content": [
            {"type": "file", "media_type": "text/plain", "data": "d"}, {"type": "later", "x": 1}]},
    ]);
    assert_eq!(json(&reading.generation.input), expected);
}

#[test]
fn a_stream_that_breaks_off_does_not_say_how_much_came_out() {
    let reading = read(PATH, ASKED, events(&[START, SAYS]));
    assert_eq!(usage(&reading), json!({"input": 7, "input_cached_tokens": 3}));
    assert_eq!(json(&reading.generation.output), json!([{"role": "assistant", "content": "Hello"}]));
    assert!(reading.generation.partial && !reading.has_ended);
}

#[test]
fn counts_that_are_told_again_in_part_leave_the_others() {
    let told =
        r#"{"type":"message_delta","delta":{},"usage":{"cache_creation_input_tokens":4,"output_tokens":5}}"#;
    let reading = read(PATH, ASKED, events(&[START, told, END, STOP]));
    let expected =
        json!({"input": 7, "input_cached_tokens": 3, "input_cache_creation": 4, "output": 5, "total": 19});
    assert_eq!(usage(&reading), expected);
    assert!(reading.has_ended && !reading.generation.partial);
}

#[test]
fn what_a_tool_of_the_api_s_is_asked_is_no_call() {
    let stream = events(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"query\""}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        END,
    ]);
    let reading = read(PATH, ASKED, stream);
    assert_eq!(json(&reading.generation.output), json!([{"role": "assistant", "content": ""}]));
}

#[test]
fn a_refusal_may_say_why() {
    let end = r#"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal","category":null,"explanation":"No."}},"usage":{"output_tokens":5}}"#;
    let reading = read(PATH, ASKED, events(&[START, end, STOP]));
    let expected = json!([{"role": "assistant", "content": null, "refusal": "No."}]);
    assert_eq!(json(&reading.generation.output), expected);
}

#[test]
fn both_ends_of_a_long_answer_are_read() {
    let head = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x-1","content":[{"type":"text","text":"Once"#;
    let tail = r#"after."}],"stop_reason":"end_turn","usage":{"input_tokens":7,"output_tokens":900}}"#;
    let reading = heard(PATH, ASKED, Text::ends(head, tail)).expect("a message");
    let generation = &reading.generation;
    assert_eq!(generation.response_id, "msg_1");
    assert_eq!(generation.finish_reasons, ["end_turn"]);
    assert_eq!(usage(&reading), json!({"input": 7, "output": 900, "total": 907}));
    assert!(generation.partial);
}

#[test]
fn both_ends_of_a_long_stream_are_read() {
    let head = events(&[START, SAYS, r#"{"type":"content_bl"#]);
    let tail = format!("\"index\":0}}\n\n{}", events(&[END, STOP]));
    let reading = heard(PATH, ASKED, Text::ends(head, tail)).expect("a message");
    assert_eq!(usage(&reading)["total"], 15);
    assert_eq!(json(&reading.generation.output)[0]["content"], "Hello");
    assert!(reading.has_ended && reading.generation.partial);
}

#[test]
fn messages_of_others_are_left_alone() {
    let speaks = |path, asked, answered: &'static str| heard(path, asked, Text::whole(answered)).is_some();
    assert!(!speaks(PATH, r#"{"messages":[{"role":"user","content":"Hi"}]}"#, r#"{"text":"Hi"}"#));
    assert!(!speaks(PATH, r#"{"model":"T","messages":["paid"]}"#, r#"{"type":"message","content":"x"}"#));
    assert!(!speaks(PATH, r#"{"role":"user","content":"Hi"}"#, r#"{"type":"error","error":{}}"#));
    assert!(!speaks("/v1/messages/count_tokens", ASKED, r#"{"input_tokens":7}"#));
    assert!(!speaks("/v1/messages/batches", r#"{"requests":[]}"#, r#"{"type":"message_batch"}"#));
    // Of what was asked nothing was kept.
    assert!(speaks(PATH, "", r#"{"type":"message","role":"assistant","content":[]}"#));
}
