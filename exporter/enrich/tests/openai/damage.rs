//! Wrong types anywhere, and what is none of these APIs.

use super::*;

/// Calls with each value in a document replaced by each of these, one at a time.
fn each_change(value: &Value, change: &mut dyn FnMut(&str, &Value)) {
    let others =
        [Value::Null, json!(true), json!(-1), json!(1e300), json!("x"), json!([[7]]), json!({"a": {}})];
    let mut pointers = vec![String::new()];
    let mut next = 0;
    while let Some(pointer) = pointers.get(next).cloned() {
        next += 1;
        match value.pointer(&pointer) {
            Some(Value::Object(members)) => {
                pointers.extend(members.keys().map(|key| format!("{pointer}/{key}")));
            }
            Some(Value::Array(items)) => {
                pointers.extend((0..items.len()).map(|at| format!("{pointer}/{at}")));
            }
            _ => {}
        }
    }
    for pointer in pointers {
        for other in &others {
            let mut changed = value.clone();
            if let Some(place) = changed.pointer_mut(&pointer) {
                *place = other.clone();
            }
            change(&pointer, &changed);
        }
    }
}

fn chat_of_everything() -> (Value, Value) {
    let called =
        json!([{"id": "a", "index": 0, "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
    let message = json!({
        "role": "assistant", "content": "Ho", "reasoning": "Hm", "refusal": "No", "tool_calls": called,
        "audio": {"id": "audio_1", "transcript": "Ho"}, "images": [{"image_url": {"url": "https://x/y.png"}}],
    });
    let asked = json!({
        "model": "m", "temperature": 0.5, "stop": ["x"], "stream": false, "messages": [
            {"role": "user", "name": "n", "content": [{"type": "text", "text": "Hi"}, {"type": "file", "file": {"file_id": "f"}}]},
            message, {"role": "tool", "tool_call_id": "a", "content": "1"},
        ],
    });
    let mut answer = answered(&message);
    answer["usage"] = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "cost": 0.5, "prompt_tokens_details": {"cached_tokens": 1}});
    (asked, answer)
}

#[test]
fn a_wrong_type_spoils_its_own_field_only() {
    let (asked, answer) = chat_of_everything();
    let right = read(&call(CHAT, &asked, &answer));
    each_change(&answer, &mut |pointer, changed| {
        let reading = read(&call(CHAT, &asked, changed));
        assert_eq!(reading.generation.input, right.generation.input, "{pointer}");
        if !pointer.is_empty() && !pointer.starts_with("/choices") {
            assert_eq!(reading.generation.output, right.generation.output, "{pointer}");
            assert_eq!(reading.generation.finish_reasons, ["stop"], "{pointer}");
        }
        if !pointer.is_empty() && !pointer.starts_with("/usage") {
            assert_eq!(reading.generation.usage, right.generation.usage, "{pointer}");
        }
    });
    each_change(&asked, &mut |pointer, changed| {
        let reading = read(&call(CHAT, changed, &answer));
        assert_eq!(reading.generation.output, right.generation.output, "{pointer}");
        if !pointer.is_empty() && !pointer.starts_with("/messages") {
            assert_eq!(reading.generation.input, right.generation.input, "{pointer}");
        }
    });
}

#[test]
fn a_wrong_type_spoils_its_own_event_only() {
    let all = streamed(&["It ", "rains."]);
    let request = asks_for_a_response();
    for number in 0..all.len() - 1 {
        each_change(&all[number], &mut |pointer, changed| {
            let mut all = all.clone();
            all[number] = changed.clone();
            let reading = read(&call(RESPONSES, &request, events(&all)));
            assert_eq!(output(&reading)[0]["content"], "It rains.", "{number}{pointer}");
            assert_eq!(usage(&reading)["total"], 5, "{number}{pointer}");
        });
    }
    let items = json!([{"type": "reasoning", "summary": [{"text": "a"}]}, item("x"), {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}]);
    each_change(&items, &mut |_, changed| {
        let asked = json!({"model": "m", "instructions": "Be brief.", "input": changed});
        let answer = json!({"id": "resp_1", "object": "response", "status": "completed", "output": changed});
        let reading = read(&call(RESPONSES, &asked, &answer));
        assert_eq!(input(&reading)[0]["content"], "Be brief.");
        assert_eq!(reading.generation.finish_reasons, ["completed"]);
    });
}

#[test]
fn wrong_types_are_harmless_to_all_others() {
    let documents = [
        (
            "/v1/completions",
            json!({"model": "m", "prompt": ["Hi", [1]], "suffix": "x"}),
            json!({"id": "1", "object": "text_completion", "choices": [{"text": "x", "index": 0, "finish_reason": "stop"}]}),
        ),
        (
            "/v1/embeddings",
            json!({"model": "m", "input": ["Hi", [1]]}),
            json!({"data": [{"index": 0, "embedding": [1]}], "usage": {"prompt_tokens": 1}}),
        ),
        (
            "/v1/moderations",
            json!({"model": "m", "input": ["Hi", {"type": "text", "text": "x"}]}),
            json!({"id": "1", "results": [{"categories": {}}]}),
        ),
        (
            "/v1/images/generations",
            json!({"model": "m", "prompt": "x", "n": 1}),
            json!({"created": 1, "data": [{"url": "x"}], "usage": {"input_tokens": 1}}),
        ),
        (
            "/v1/audio/speech",
            json!({"model": "m", "input": "x", "voice": "v"}),
            json!({"text": "x", "usage": {"input_tokens": 1}}),
        ),
    ];
    for (path, asked, answer) in &documents {
        // Changed enough, it is no such exchange any more.
        each_change(asked, &mut |_, changed| drop(offpath_enrich::read(&call(path, changed, answer))));
        each_change(answer, &mut |_, changed| {
            let reading = read(&call(path, asked, changed));
            assert_eq!(reading.generation.request_model, "m", "{path}");
            let event = events(std::slice::from_ref(changed));
            assert_eq!(read(&call(path, asked, event)).generation.request_model, "m", "{path}");
        });
    }
}

#[test]
fn others_paths_that_end_alike_stay_plain() {
    let plain = [
        ("/tasks/7/completions", json!({"prompt": "why", "by": "ann"}), json!({"id": 1, "choices": []})),
        ("/maps/embeddings", json!({"input": "Oslo"}), json!({"data": [{"html": "<iframe>"}]})),
        ("/surveys/3/responses", json!({"input": "yes"}), json!({"id": "3", "status": "completed"})),
        ("/forum/moderations", json!({"input": "a post"}), json!({"results": [{"approved": true}]})),
        ("/gallery/images/generations", json!({"prompt": "x"}), json!({"id": 1})),
        ("/dictation/audio/transcriptions", json!({"text": "x"}), json!({"text": "x"})),
    ];
    for (path, asked, answer) in &plain {
        assert_eq!(offpath_enrich::read(&call(path, asked, answer)), None, "{path}");
        assert_eq!(offpath_enrich::read(&call(path, &Value::Null, Text::default())), None, "{path}");
    }
}
