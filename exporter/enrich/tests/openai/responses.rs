//! Responses: streams with gaps, and items.

use super::*;

#[test]
fn a_stream_cut_anywhere_is_what_it_was_up_to_there() {
    let all = events(&streamed(&["It ", "rains ", "in Zürich."]));
    let request = asks_for_a_response();
    for (cut, _) in all.char_indices().skip(1) {
        let mut call = call(RESPONSES, &request, Text::whole(&all[..cut]));
        call.ending = Ending::BrokenOff;
        let reading = read(&call);
        let output = output(&reading);
        let said = output[0]["content"].as_str().unwrap_or_default();
        assert!("It rains in Zürich.".starts_with(said), "{cut}: {said}");
        let is_over = reading.has_ended;
        assert_eq!(reading.generation.partial, !is_over, "{cut}");
        assert_eq!(reading.generation.finish_reasons.is_empty(), !is_over, "{cut}");
    }
}

#[test]
fn what_the_gap_took_is_said_again_behind_it_and_said_once() {
    let all = streamed(&["It ", "rains ", "in ", "Oslo."]);
    let request = asks_for_a_response();
    // Behind the gap stands the last event; the last two; all but the first.
    for kept in [all.len() - 1, all.len() - 2, 1] {
        for lost in 2..kept.max(3) {
            let (head, tail) = (events(&all[..lost.min(4)]), events(&all[kept..]));
            let reading = read(&call(RESPONSES, &request, Text::ends(head, tail)));
            assert_eq!(output(&reading), json!([{"role": "assistant", "content": "It rains in Oslo."}]));
            assert_eq!(usage(&reading), json!({"input": 3, "output": 2, "total": 5}));
            assert_eq!((reading.has_ended, reading.generation.partial), (true, true));
        }
    }
}

#[test]
fn a_gap_that_ends_within_the_last_event_leaves_what_it_took_and_how_it_ended() {
    let head = events(&streamed(&["It ", "rains."])[..3]);
    let usage_of_it = r#""usage":{"input_tokens":3,"output_tokens":2,"total_tokens":5},"user":null}}"#;
    // An item's status comes before what it says.
    let next = r#"rains."}]},{"type":"function_call","status":"completed","arguments":"{}"}],"#;
    for (rest, finish) in [(next, vec!["completed"]), (r#"rains."}]}],"#, vec![])] {
        let tail = format!("{rest}{usage_of_it}\n\n");
        let reading = read(&call(RESPONSES, &asks_for_a_response(), Text::ends(&head, tail)));
        assert_eq!(output(&reading)[0]["content"], "It ");
        assert_eq!(usage(&reading), json!({"input": 3, "output": 2, "total": 5}));
        assert_eq!(reading.generation.finish_reasons, finish);
        assert_eq!((reading.has_ended, reading.generation.partial), (true, true));
        assert_eq!(reading.generation.response_id, "resp_1");
    }
}

#[test]
fn a_document_with_a_gap_has_both_its_ends() {
    let head = r#"{"id":"resp_1","object":"response","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"model":"m-1","output":[{"type":"message","status":"incomplete","content":[{"type":"output_text","text":"It ra"#;
    let tail = r#"in Oslo"}]}],"usage":{"input_tokens":3,"output_tokens":2,"total_tokens":5},"user":null}"#;
    let reading = read(&call(RESPONSES, &Value::Null, Text::ends(head, tail)));
    assert_eq!(output(&reading), json!([{"role": "assistant", "content": "It ra"}]));
    assert_eq!(reading.generation.finish_reasons, ["max_output_tokens"]);
    assert_eq!(usage(&reading)["total"], 5);
    assert!(reading.generation.partial);
}

#[test]
fn items_of_an_answer_are_one_message() {
    let items = [
        json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "One"}, {"type": "summary_text", "text": "Two"}]}),
        json!({"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "Oslo"}}),
        json!({"type": "mcp_call", "id": "mcp_1", "name": "roll", "arguments": "{}", "server_label": "dice", "output": "4"}),
        json!({"type": "custom_tool_call", "call_id": "c_1", "name": "sql", "input": "SELECT 1"}),
        json!({"type": "code_interpreter_call", "id": "ci_1", "code": "1+1", "outputs": null}),
        json!({"type": "image_generation_call", "id": "ig_1", "output_format": "png", "result": "AAAA".repeat(9000)}),
        item("Done."),
    ];
    let reading = read(&call(RESPONSES, &Value::Null, &response("completed", &items)));
    let called = |id: &str, name: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
    let expected = json!([{
        "role": "assistant", "reasoning": "One\n\nTwo",
        "content": [{"type": "text", "text": "Done."}, {"type": "image", "id": "ig_1", "media_type": "image/png"}],
        "tool_calls": [
            called("ws_1", "web_search", r#"{"query":"Oslo","type":"search"}"#),
            called("mcp_1", "roll", "{}"), called("c_1", "sql", "SELECT 1"), called("ci_1", "code_interpreter", "1+1"),
        ],
    }]);
    assert_eq!(output(&reading), expected);
}

#[test]
fn arguments_that_come_in_parts_are_of_their_calls() {
    let added = |number: u64, item: Value| json!({"type": "response.output_item.added", "output_index": number, "item": item});
    let part = |number: u64, kind: &str, key: &str, text: &str| json!({"type": format!("response.{kind}"), "output_index": number, key: text});
    let all = [
        added(1, json!({"type": "function_call", "call_id": "a", "name": "f", "arguments": ""})),
        added(0, json!({"type": "custom_tool_call", "call_id": "b", "name": "g", "input": ""})),
        part(1, "function_call_arguments.delta", "delta", "{\"x\""),
        part(0, "custom_tool_call_input.delta", "delta", "no"),
        part(0, "custom_tool_call_input.done", "input", "now"),
        part(1, "function_call_arguments.delta", "delta", ":1"),
    ];
    let reading = read(&call(RESPONSES, &asks_for_a_response(), events(&all)));
    let calls = &output(&reading)[0]["tool_calls"];
    assert_eq!(
        calls[0],
        json!({"id": "b", "type": "function", "function": {"name": "g", "arguments": "now"}})
    );
    assert_eq!(
        calls[1],
        json!({"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1"}})
    );
    assert!(reading.generation.partial);
}

#[test]
fn items_of_a_question_are_messages() {
    let items = json!([
        {"role": "user", "content": "Hi"},
        {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Let me look."}]},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
        {"type": "computer_call", "call_id": "b", "action": {"type": "screenshot"}},
        {"type": "function_call_output", "call_id": "a", "output": [{"type": "input_text", "text": "1"}]},
        {"type": "computer_call_output", "call_id": "b", "output": {"type": "computer_screenshot", "image_url": "https://x/y.png"}},
        {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        {"type": "item_reference", "id": "msg_9"}, 7, "no item",
    ]);
    let asked = json!({"model": "m", "instructions": "Be brief.", "input": items});
    let expected = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Let me look.", "reasoning": "Hm", "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            {"id": "b", "type": "function", "function": {"name": "computer", "arguments": r#"{"type":"screenshot"}"#}},
        ]},
        {"role": "tool", "content": "1", "tool_call_id": "a"},
        {"role": "tool", "content": [{"type": "image", "url": "https://x/y.png"}], "tool_call_id": "b"},
        {"role": "assistant", "content": null, "refusal": "No."},
        {"role": "user", "content": [{"type": "item_reference", "id": "msg_9"}]},
    ]);
    assert_eq!(input(&read(&call(RESPONSES, &asked, &json!({})))), expected);
}

#[test]
fn what_is_to_be_asked_for_again_later_has_not_ended() {
    let reading = read(&call(RESPONSES, &asks_for_a_response(), &response("queued", &[])));
    assert_eq!(reading.generation.finish_reasons, Vec::<String>::new());
    assert_eq!(output(&reading), Value::Null);
}
