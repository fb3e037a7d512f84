//! Bedrock's converse and invoke: what the corpus does not have.

mod exchange;

use exchange::{heard, json, lines, read, usage};
use offpath_enrich::Text;
use serde_json::{Value, json};

const CONVERSE: &str = "/model/m%3A0/converse-stream";
const INVOKE: &str = "/model/m%3A0/invoke-with-response-stream";
const ASKED: &str = r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#;

#[test]
fn blocks_of_all_kinds_are_told() {
    let asked = json!({"messages": [{"role": "user", "content": [
        {"guardContent": {"text": {"text": "Look", "qualifiers": ["query"]}}}, {"cachePoint": {"type": "default"}},
        {"video": {"format": "mov", "source": {"s3Location": {"uri": "s3://b/v"}}}},
        {"document": {"format": "docx", "name": "a", "source": {"text": "d"}}}, {"later": {"x": 1}},
        {"toolResult": {"toolUseId": "t", "content": [{"json": {"c": 7}}]}}]}],
        "additionalModelRequestFields": {"top_k": 5, "thinking": {"type": "enabled"}}});
    let answered = json!({"output": {"message": {"role": "assistant", "content": [
        {"citationsContent": {"content": [{"text": "It rains."}], "citations": []}},
        {"toolUse": {"toolUseId": "s", "name": "web", "type": "server_tool_use", "input": {"q": 1}}},
        {"image": {"format": "png", "source": {"bytes": "AA=="}}}]}}, "stopReason": "end_turn",
        "usage": {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7, "cacheReadInputTokens": 9},
        "trace": {"promptRouter": {"invokedModelId": "arn:aws:bedrock:::foundation-model/n"}}});
    let reading = read("/model/r/converse", &asked.to_string(), answered.to_string());
    let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    let expected = json!([
        {"role": "user", "content": [
            {"type": "text", "text": "Look"}, {"type": "video", "url": "s3://b/v", "media_type": "video/quicktime"},
            {"type": "file", "media_type": docx, "data": "d"}, {"later": {"x": 1}}]},
        {"role": "tool", "tool_call_id": "t", "content": "{\"c\":7}"}]);
    assert_eq!(json(&reading.generation.input), expected);
    let image = json!({"type": "image", "media_type": "image/png", "data": "AA=="});
    let expected = json!([{"role": "assistant", "content": [{"type": "text", "text": "It rains."}, image]}]);
    assert_eq!(json(&reading.generation.output), expected);
    assert_eq!(json(&reading.generation.parameters), json!({"top_k": 5}));
    assert_eq!(reading.generation.response_model, "arn:aws:bedrock:::foundation-model/n");
    // Kinds add up, whatever is called a total.
    assert_eq!(usage(&reading), json!({"input": 3, "input_cached_tokens": 9, "output": 4, "total": 16}));
}

#[test]
fn a_stream_of_one_event_is_one() {
    let reading = read(CONVERSE, ASKED, r#"{"contentBlockDelta":{"delta":{"text":"It"}}}"#);
    assert!(reading.generation.stream && reading.generation.partial && !reading.has_ended);
    assert_eq!(reading.generation.request_model, "m:0");
    assert_eq!(json(&reading.generation.output)[0]["content"], "It");
    assert_eq!(reading.first_token_line, Some(0));
    let exception = r#"{"exception":{"type":"modelTimeoutException","message":"Slow."}}"#;
    let failure = read(CONVERSE, ASKED, exception).failure.expect("a failure");
    assert_eq!((failure.kind, failure.message.as_str()), ("timeout", "Slow."));
}

#[test]
fn a_message_has_ended_before_its_counts_come() {
    let stream = lines(&[
        r#"{"messageStart":{"role":"assistant"}}"#,
        r#"{"contentBlockStart":{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"t","name":"now"}}}}"#,
        r#"{"contentBlockStop":{"contentBlockIndex":1}}"#,
        r#"{"later":{"x":1}}"#,
        r#"{"messageStop":{"stopReason":"tool_use"}}"#,
    ]);
    let reading = read(CONVERSE, ASKED, stream);
    assert!(reading.has_ended && !reading.generation.partial);
    assert_eq!(json(&reading.generation.output)[0]["tool_calls"][0]["function"]["arguments"], "{}");
    assert_eq!(usage(&reading), json!({}));
}

#[test]
fn both_ends_of_a_long_answer_are_read() {
    let head = r#"{"output":{"message":{"role":"assistant","content":[{"text":"Once"#;
    let tail =
        r#"."}]}},"stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3}}"#;
    let reading = heard("/model/m/converse", "", Text::ends(head, tail)).expect("a message");
    assert_eq!(reading.generation.request_model, "m");
    assert_eq!(reading.generation.finish_reasons, ["end_turn"]);
    assert_eq!(usage(&reading)["total"], 3);
    assert!(reading.generation.partial);
}

/// What is invoked in one piece, and what is asked of it and answered.
fn invoked(asked: &Value, answered: &Value) -> (&'static str, Value, Value, Vec<String>) {
    let reading = read("/model/m/invoke", &asked.to_string(), answered.to_string());
    let operation = ["chat", "embeddings", "rerank", "text_completion"]
        .into_iter()
        .find(|operation| *operation == reading.generation.operation)
        .expect("an operation");
    let generation = reading.generation;
    (operation, json(&generation.input), json(&generation.output), generation.finish_reasons)
}

#[test]
fn models_that_go_on_with_a_prompt_answer_in_many_ways() {
    let asked = json!({"prompt": "Hi", "max_tokens": 9});
    for (answered, reason) in [
        (json!({"outputs": [{"text": "Hello", "stop_reason": "stop"}]}), "stop"),
        (json!({"choices": [{"text": "Hello", "stop_reason": "length"}]}), "length"),
        (
            json!({"id": "i", "generations": [{"id": "g", "text": "Hello", "finish_reason": "COMPLETE"}]}),
            "COMPLETE",
        ),
        (
            json!({"type": "completion", "completion": "Hello", "stop_reason": "stop_sequence", "stop": "\n\nHuman:"}),
            "stop_sequence",
        ),
    ] {
        let (operation, input, output, finish) = invoked(&asked, &answered);
        assert_eq!(operation, "text_completion", "{answered}");
        assert_eq!(input, json!([{"role": "user", "content": "Hi"}]));
        assert_eq!(output, json!([{"role": "assistant", "content": "Hello"}]), "{answered}");
        assert_eq!(finish, [reason]);
    }
}

#[test]
fn models_that_chat_as_openai_s_do_are_read_as_those_are() {
    let asked = json!({"messages": [{"role": "user", "content": "Hi"}], "model": "mine"});
    let message = json!({"role": "assistant", "content": "Hello"});
    let answered = json!({"choices": [{"index": 0, "message": message, "stop_reason": "stop"}]});
    let (operation, _, output, finish) = invoked(&asked, &answered);
    assert_eq!((operation, output, finish), ("chat", json!([message]), vec!["stop".to_owned()]));
    let reading = read("/model/m/invoke", &asked.to_string(), answered.to_string());
    assert_eq!(reading.generation.request_model, "m");
}

#[test]
fn documents_are_ranked_and_pictures_embedded() {
    let asked = json!({"query": "Rain?", "documents": ["a", "b"], "api_version": 2});
    let answered = json!({"results": [{"index": 1, "relevance_score": 0.5}]});
    let (operation, input, output, _) = invoked(&asked, &answered);
    assert_eq!((operation, input.as_array().map(Vec::len), output), ("rerank", Some(3), Value::Null));
    let (operation, input, ..) =
        invoked(&json!({"inputImage": "AA=="}), &json!({"embedding": [0.5], "inputTextTokenCount": 2}));
    assert_eq!(operation, "embeddings");
    assert_eq!(input, json!([{"role": "user", "content": [{"type": "image", "data": "AA=="}]}]));
}

#[test]
fn the_last_chunk_ends_a_stream_and_counts_where_the_model_does_not() {
    let stream = lines(&[
        r#"{"chunk":{"text":"Hel","is_finished":false,"index":0}}"#,
        r#"{"chunk":{"text":"lo","is_finished":false,"index":0}}"#,
        r#"{"chunk":{"is_finished":true,"finish_reason":"COMPLETE","index":0,"amazon-bedrock-invocationMetrics":{"inputTokenCount":3,"outputTokenCount":2}}}"#,
    ]);
    let reading = read(INVOKE, r#"{"prompt":"Hi"}"#, stream);
    assert_eq!(json(&reading.generation.output), json!([{"role": "assistant", "content": "Hello"}]));
    assert_eq!(usage(&reading), json!({"input": 3, "output": 2, "total": 5}));
    assert!(reading.has_ended && !reading.generation.partial);
    assert_eq!(reading.generation.finish_reasons, ["COMPLETE"]);
}

#[test]
fn models_of_others_are_left_alone() {
    let speaks = |path, asked, answered: &'static str| heard(path, asked, Text::whole(answered)).is_some();
    assert!(!speaks("/chain/invoke", r#"{"prompt":"Hi"}"#, r#"{"output":"Hello"}"#));
    assert!(!speaks("/model/m/invoke", r#"{"input":{"q":"Hi"}}"#, r#"{"output":"Hello"}"#));
    assert!(!speaks("/model/m/converse", r#"{"text":"Hi"}"#, r#"{"output":"Hello"}"#));
    assert!(!speaks("/converse", ASKED, "{}"));
    assert!(speaks("/model/m/converse", ASKED, ""));
}
