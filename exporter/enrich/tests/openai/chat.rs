//! Chat completions, and what others add to them.

use super::*;

#[test]
fn azure_names_the_model_in_the_path_and_the_system_by_it() {
    let path = "/openai/deployments/gpt-4o-eu/chat/completions";
    let asked = json!({"messages": [{"role": "user", "content": "Hi"}]});
    let reading = read(&call(path, &asked, &answered(&json!({"role": "assistant", "content": "Ho"}))));
    assert_eq!(reading.generation.system, "azure.ai.openai");
    assert_eq!(reading.generation.request_model, "gpt-4o-eu");
}

#[test]
fn azure_s_first_chunk_is_enough_to_know_it_by() {
    let first = json!({"choices": [], "id": "", "model": "", "object": "", "prompt_filter_results": [{"prompt_index": 0}]});
    let second = json!({"id": "1", "model": "m", "choices": [{"index": 0, "delta": {"content": "Ho"}, "finish_reason": "content_filter"}]});
    let reading = read(&call(CHAT, &Value::Null, events(&[first, second])));
    assert_eq!(output(&reading), json!([{"role": "assistant", "content": "Ho"}]));
    assert_eq!(reading.generation.finish_reasons, ["content_filter"]);
    assert_eq!((reading.generation.response_id.as_str(), reading.generation.partial), ("1", false));
    assert_eq!(reading.first_token_line, Some(4));
}

#[test]
fn calls_in_one_piece_that_share_a_number_are_told_apart() {
    let chunk = |id: &str| {
        let called = json!({"index": 0, "id": id, "function": {"name": "f", "arguments": "{}"}});
        json!({"choices": [{"index": 0, "delta": {"tool_calls": [called]}}]})
    };
    let reading = read(&call(CHAT, &asked(), events(&[chunk("a"), chunk("b")])));
    let output = output(&reading);
    let ids = output[0]["tool_calls"].as_array().into_iter().flatten().map(|call| &call["id"]);
    assert_eq!(ids.collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn tokens_add_up_where_thoughts_are_counted_beside_the_answer() {
    let mut answer = answered(&json!({"content": "Ho"}));
    answer["usage"] = json!({
        "prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135,
        "completion_tokens_details": {"reasoning_tokens": 94},
    });
    let expected = json!({"input": 32, "output": 9, "output_reasoning_tokens": 94, "total": 135});
    assert_eq!(usage(&read(&call(CHAT, &asked(), &answer))), expected);
}

#[test]
fn cached_tokens_are_found_where_others_have_them() {
    for cached in ["prompt_cache_hit_tokens", "cached_tokens"] {
        let mut answer = answered(&json!({"content": "Ho"}));
        answer["usage"] = json!({"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11, cached: 4});
        let expected = json!({"input": 6, "input_cached_tokens": 4, "output": 1, "total": 11});
        assert_eq!(usage(&read(&call(CHAT, &asked(), &answer))), expected);
    }
}

#[test]
fn what_it_cost_is_taken_over_from_who_says_it() {
    for cost in [json!(0.25), json!({"total_cost": 0.25, "input_tokens_cost": 0.125})] {
        let mut answer = answered(&json!({"content": "Ho"}));
        answer["usage"] = json!({"prompt_tokens": 1, "cost": cost});
        let cost = read(&call(CHAT, &asked(), &answer)).generation.cost;
        assert_eq!(cost.iter().map(|cost| cost.usd).collect::<Vec<_>>(), [0.25]);
    }
}

#[test]
fn errors_within_answers_are_errors() {
    let error = json!({"code": 502, "message": "Provider returned error"});
    let failed = [
        json!({"choices": [{"index": 0, "error": error, "delta": {}, "finish_reason": "error"}]}),
        json!({"error": error, "choices": []}),
        json!({"object": "error", "message": "Provider returned error", "type": "BadGateway", "code": 502}),
    ];
    for failed in failed {
        let chunk = json!({"choices": [{"index": 0, "delta": {"content": "It"}}]});
        let reading = read(&call(CHAT, &asked(), events(&[chunk, failed])));
        let failure = reading.failure.as_ref().expect("a failure");
        assert_eq!((failure.kind, failure.message.as_str()), ("server_error", "Provider returned error"));
        assert_eq!(output(&reading), json!([{"role": "assistant", "content": "It"}]));
        assert!(reading.generation.partial);
    }
}

#[test]
fn what_is_no_text_is_told_without_its_bytes() {
    let image = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let message = json!({
        "role": "assistant", "content": "Here",
        "images": [image("data:image/png;base64,AAAA"), image("https://x/y.png")],
        "audio": {"id": "audio_1", "data": "AAAA", "transcript": ""},
    });
    let parts = json!([
        {"type": "text", "text": "Here"}, {"type": "audio", "id": "audio_1"},
        {"type": "image", "media_type": "image/png"}, {"type": "image", "url": "https://x/y.png"},
    ]);
    assert_eq!(output(&read(&call(CHAT, &asked(), &answered(&message))))[0]["content"], parts);
}

#[test]
fn thoughts_are_found_by_each_of_their_names() {
    let told = [
        json!({"reasoning_content": "Hm"}),
        json!({"reasoning_content": null, "reasoning": "Hm"}),
        json!({"reasoning_details": [{"type": "reasoning.text", "text": "H"}, {"type": "reasoning.summary", "summary": "m"}]}),
        json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]}),
        json!({"content": [{"type": "thinking", "thinking": "Hm"}]}),
    ];
    for told in told {
        let asked = json!({"messages": [told, {"role": "user", "content": "Hi"}]});
        let reading = read(&call(CHAT, &asked, &answered(&told)));
        assert_eq!(output(&reading)[0]["reasoning"], "Hm", "{told}");
        assert_eq!(input(&reading)[0]["reasoning"], "Hm", "{told}");
    }
}

#[test]
fn parts_of_questions_are_told_in_one_form() {
    let parts = json!([
        "Look", {"type": "image_url", "image_url": "https://x/y.png"},
        {"type": "file", "file": {"file_id": "f1", "filename": "a.pdf"}}, {"type": "file", "file_id": "f2"},
        {"type": "document_url", "document_url": "https://x/z.pdf", "document_name": "z"},
        {"type": "input_audio", "input_audio": {"format": "wav", "data": "AA"}}, {"type": "input_audio", "input_audio": "AA"},
        {"type": "reference", "reference_ids": [1]},
    ]);
    let expected = json!([
        {"type": "text", "text": "Look"}, {"type": "image", "url": "https://x/y.png"},
        {"type": "file", "id": "f1", "name": "a.pdf"}, {"type": "file", "id": "f2"},
        {"type": "file", "url": "https://x/z.pdf", "name": "z"},
        {"type": "audio", "media_type": "audio/wav", "data": "AA"}, {"type": "audio", "data": "AA"},
        {"type": "reference", "reference_ids": [1]},
    ]);
    let asked = json!({"messages": [{"role": "user", "content": parts}]});
    assert_eq!(input(&read(&call(CHAT, &asked, &json!({}))))[0]["content"], expected);
}
