//! Completions, embeddings, moderations, images, audio.

use super::*;

#[test]
fn tokens_in_place_of_texts_are_no_messages() {
    let vector = json!({"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "usage": {"prompt_tokens": 2, "total_tokens": 2}});
    for (told, count) in
        [(json!([1, 2]), 0), (json!([[1, 2], [3]]), 0), (json!(["a", "b"]), 2), (json!("a"), 1)]
    {
        let asked = json!({"model": "m", "input": told, "prompt": told});
        for (path, answer) in [("/v1/embeddings", &vector), ("/v1/completions", &json!({}))] {
            let messages = input(&read(&call(path, &asked, answer)));
            assert_eq!(messages.as_array().map_or(0, Vec::len), count, "{told}");
        }
    }
}

#[test]
fn parts_that_are_judged_together_are_one_message() {
    let asked = json!({"input": [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {"url": "https://x/y.png"}}]});
    let answer =
        json!({"id": "modr-1", "model": "m", "results": [{"flagged": false, "categories": {"hate": false}}]});
    let reading = read(&call("/v1/moderations", &asked, &answer));
    let parts = json!([{"type": "text", "text": "Hi"}, {"type": "image", "url": "https://x/y.png"}]);
    assert_eq!(input(&reading), json!([{"role": "user", "content": parts}]));
    let asked = json!({"model": "m", "input": [[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]]});
    let reading = read(&call("/v1/chat/moderations", &asked, &answer));
    assert_eq!(input(&reading)[1], json!({"role": "assistant", "content": "Ho"}));
}

#[test]
fn images_are_known_by_what_they_took() {
    let made = json!({"created": 1, "data": [{"b64_json": "AAAA"}], "usage": {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12}});
    let reading = read(&call("/v1/images/edits", &Value::Null, &made));
    assert_eq!((reading.generation.operation.as_str(), output(&reading)), ("image_generation", Value::Null));
    assert_eq!(usage(&reading), json!({"input": 5, "output": 7, "total": 12}));
    assert!(!reading.generation.partial);
    let streamed = [
        json!({"type": "image_generation.partial_image", "b64_json": "AA"}),
        json!({"type": "image_generation.completed", "b64_json": "AAAA", "usage": made["usage"]}),
    ];
    let reading = read(&call("/v1/images/generations", &Value::Null, events(&streamed)));
    assert_eq!(
        (usage(&reading)["total"].clone(), reading.has_ended, reading.generation.partial),
        (json!(12), true, false)
    );
}

#[test]
fn what_is_done_with_sounds_is_known_by_the_path() {
    let spoken = json!({"model": "tts-1", "voice": "alloy", "input": "Hi", "speed": 1.5});
    let reading = read(&call("/v1/audio/speech", &spoken, Text::default()));
    assert_eq!(reading.generation.operation, "speech");
    assert_eq!(reading.generation.parameters, r#"{"speed":1.5,"voice":"alloy"}"#);
    assert!(reading.has_ended && !reading.generation.partial);

    let written = json!({"text": "Hi", "usage": {"type": "tokens", "input_tokens": 14, "input_token_details": {"audio_tokens": 12}, "output_tokens": 4, "total_tokens": 18}});
    let reading = read(&call("/v1/audio/translations", &Value::Null, &written));
    assert_eq!(reading.generation.operation, "translation");
    assert_eq!(usage(&reading), json!({"input": 2, "input_audio_tokens": 12, "output": 4, "total": 18}));

    let done = json!({"type": "transcript.text.done", "text": "Hi", "usage": written["usage"]});
    let reading = read(&call("/v1/audio/transcriptions", &Value::Null, events(&[done])));
    assert!(reading.has_ended && !reading.generation.partial && reading.generation.stream);
}

#[test]
fn a_text_that_is_no_json_is_a_transcription_at_openai_s_own_host_only() {
    for text in ["[Music]", "1\n00:00:00,000 --> 00:00:01,000\nHi", "Hi"] {
        let mut call = call("/v1/audio/transcriptions", &Value::Null, Text::whole(text));
        assert!(offpath_enrich::read(&call).is_none());
        call.host = "api.openai.com";
        let reading = read(&call);
        assert_eq!(reading.generation.operation, "transcription");
        assert!(!reading.generation.partial && !reading.generation.stream);
        call.path = "/v1/chat/completions";
        assert!(offpath_enrich::read(&call).is_none());
    }
}
