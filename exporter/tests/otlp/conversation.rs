//! A generation that was read from an exchange: its messages by the schemas of OpenTelemetry's conventions and by OpenInference's
//! names, what Langfuse gets of it, what its span is called, and what an error of a provider's is to whom.
//! Schemas: `model/gen-ai/` of <https://github.com/open-telemetry/semantic-conventions-genai>, commit 2b902ce.

use offpath_core::event::{Error, Event, Exchange, Generation, Kind};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use serde_json::{Value, json};

use super::{attributes, exchange, generation, langfuse, only, plain, span};

/// An exchange with a model, seen by the app that asked.
fn asked(change: impl FnOnce(&mut Event, &mut Exchange, &mut Generation)) -> Event {
    let mut event = Event { source: "httpx".to_owned(), parent_span_id: 9, ..exchange(5) };
    let Some(Kind::Exchange(mut exchange)) = event.kind.take() else { unreachable!("it is an exchange") };
    let input = json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [
            {"type": "text", "text": "Where?"},
            {"type": "image", "url": "https://x/y.png", "media_type": "image/png"},
            {"type": "audio", "data": "AA==", "media_type": "audio/wav"},
            {"type": "file", "id": "file-1"},
            {"type": "new", "a": 1},
        ]},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Oslo\"}"}},
            {"id": "c2", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":"}},
        ]},
        {"role": "tool", "content": "rain", "tool_call_id": "c1", "name": "weather"},
    ]);
    let output = json!([{"role": "assistant", "content": "It rains.", "reasoning": "Hm."}]);
    let mut generation = Generation { input: input.to_string(), output: output.to_string(), ..generation() };
    change(&mut event, &mut exchange, &mut generation);
    exchange.generation = Some(generation);
    Event { kind: Some(Kind::Exchange(exchange)), ..event }
}

fn phoenix() -> Value {
    json!({"type": "phoenix"})
}

/// An attribute that is a text of JSON.
fn parsed(span: &Span, name: &str) -> Value {
    let all = attributes(&span.attributes);
    all.get(name)
        .map_or(Value::Null, |text| serde_json::from_str(text.as_str().expect("a text")).expect("JSON"))
}

#[test]
fn messages_are_told_by_the_schemas_of_the_conventions() {
    let span = span(&plain(), asked(|_, _, _| ()));
    let expected = json!([
        {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
        {"role": "user", "parts": [
            {"type": "text", "content": "Where?"},
            {"type": "uri", "mime_type": "image/png", "modality": "image", "uri": "https://x/y.png"},
            {"type": "blob", "mime_type": "audio/wav", "modality": "audio", "content": "AA=="},
            {"type": "file", "mime_type": null, "modality": "document", "file_id": "file-1"},
            {"type": "new", "a": 1},
        ]},
        {"role": "assistant", "parts": [
            {"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Oslo"}},
            {"type": "tool_call", "id": "c2", "name": "weather", "arguments": "{\"city\":"},
        ]},
        {"role": "tool", "name": "weather", "parts": [{"type": "tool_call_response", "id": "c1", "response": "rain"}]},
    ]);
    assert_eq!(parsed(&span, "gen_ai.input.messages"), expected);
    let expected = json!([{
        "role": "assistant", "finish_reason": "stop",
        "parts": [{"type": "reasoning", "content": "Hm."}, {"type": "text", "content": "It rains."}],
    }]);
    assert_eq!(parsed(&span, "gen_ai.output.messages"), expected);
    // OpenAI's API has them among the messages.
    assert_eq!(parsed(&span, "gen_ai.system_instructions"), Value::Null);
}

#[test]
fn instructions_are_told_apart_where_the_api_takes_them_apart() {
    let span = span(&plain(), asked(|_, _, told| told.system = "anthropic".to_owned()));
    let expected = json!([{"type": "text", "content": "Be brief."}]);
    assert_eq!(parsed(&span, "gen_ai.system_instructions"), expected);
    assert_eq!(parsed(&span, "gen_ai.input.messages")[0]["role"], "user");
}

#[test]
fn each_choice_has_its_reason_only_where_each_has_one() {
    let of = |reasons: &[&str]| {
        let event = asked(|_, _, told| {
            told.output =
                r#"[{"role":"assistant","content":"a"},{"role":"assistant","content":"b"}]"#.to_owned();
            told.finish_reasons = reasons.iter().map(|reason| (*reason).to_owned()).collect();
        });
        let told = parsed(&span(&plain(), event), "gen_ai.output.messages");
        [told[0]["finish_reason"].clone(), told[1]["finish_reason"].clone()]
    };
    assert_eq!(of(&["stop", "length"]), ["stop", "length"]);
    assert_eq!(of(&["length"]), [Value::Null, Value::Null]);
}

#[test]
fn messages_are_told_only_where_bodies_are_and_they_are_messages() {
    let names =
        ["gen_ai.input.", "gen_ai.output.", "gen_ai.system_i", "llm.input_m", "llm.output_m", "embedding.e"];
    let told = |mut sink: Value, bodies: bool, event: Event| {
        sink["bodies"] = json!(bodies);
        only(&attributes(&span(&sink, event).attributes), &names)
    };
    for sink in [plain(), phoenix()] {
        assert_eq!(told(sink.clone(), false, asked(|_, _, _| ())), json!({}));
        let other = asked(|_, _, told| (told.input, told.output) = ("hello".to_owned(), "{}".to_owned()));
        assert_eq!(told(sink, true, other), json!({}));
    }
    let embedded = asked(|_, _, told| told.operation = "embeddings".to_owned());
    assert_eq!(told(plain(), true, embedded), json!({}), "the conventions tell none of an embedding");
}

#[test]
fn what_backends_for_models_read_has_each_member_of_a_message_under_a_name() {
    let told = attributes(&span(&phoenix(), asked(|_, _, _| ())).attributes);
    let input = "llm.input_messages";
    let expected = json!({
        format!("{input}.0.message.role"): "system",
        format!("{input}.0.message.content"): "Be brief.",
        format!("{input}.1.message.role"): "user",
        format!("{input}.1.message.contents.0.message_content.type"): "text",
        format!("{input}.1.message.contents.0.message_content.text"): "Where?",
        format!("{input}.1.message.contents.1.message_content.type"): "image",
        format!("{input}.1.message.contents.1.message_content.image.image.url"): "https://x/y.png",
        format!("{input}.1.message.contents.2.message_content.type"): "audio",
        format!("{input}.1.message.contents.2.message_content.audio.audio.url"): "data:audio/wav;base64,AA==",
        format!("{input}.1.message.contents.2.message_content.audio.audio.mime_type"): "audio/wav",
        format!("{input}.1.message.contents.3.message_content.type"): "document",
        format!("{input}.1.message.contents.3.message_content.document.document.id"): "file-1",
        format!("{input}.1.message.contents.4.message_content.type"): "new",
        format!("{input}.1.message.contents.4.message_content.text"): r#"{"a":1,"type":"new"}"#,
        format!("{input}.2.message.role"): "assistant",
        format!("{input}.2.message.tool_calls.0.tool_call.id"): "c1",
        format!("{input}.2.message.tool_calls.0.tool_call.function.name"): "weather",
        format!("{input}.2.message.tool_calls.0.tool_call.function.arguments"): r#"{"city":"Oslo"}"#,
        format!("{input}.2.message.tool_calls.1.tool_call.id"): "c2",
        format!("{input}.2.message.tool_calls.1.tool_call.function.name"): "weather",
        format!("{input}.2.message.tool_calls.1.tool_call.function.arguments"): "{\"city\":",
        format!("{input}.3.message.role"): "tool",
        format!("{input}.3.message.name"): "weather",
        format!("{input}.3.message.tool_call_id"): "c1",
        format!("{input}.3.message.content"): "rain",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.contents.0.message_content.type": "reasoning",
        "llm.output_messages.0.message.contents.0.message_content.text": "Hm.",
        "llm.output_messages.0.message.contents.1.message_content.type": "text",
        "llm.output_messages.0.message.contents.1.message_content.text": "It rains.",
    });
    assert_eq!(only(&told, &["llm.input_messages", "llm.output_messages"]), expected);
    assert_eq!(told["openinference.span.kind"], "LLM");
    assert_eq!(told["input.mime_type"], "application/json");
}

#[test]
fn a_refusal_is_what_was_said() {
    let refused = asked(|_, _, told| {
        told.output = r#"[{"role":"assistant","content":null,"refusal":"No."}]"#.to_owned();
    });
    let told = attributes(&span(&phoenix(), refused.clone()).attributes);
    assert_eq!(told["llm.output_messages.0.message.content"], "No.");
    let told = parsed(&span(&plain(), refused), "gen_ai.output.messages");
    assert_eq!(told[0]["parts"], json!([{"type": "refusal", "content": "No."}]));
}

#[test]
fn an_embedding_has_its_texts_and_a_model_of_its_own_name() {
    let event = asked(|_, _, told| {
        told.operation = "embeddings".to_owned();
        told.input = r#"[{"role":"user","content":"one"},{"role":"user","content":"two"}]"#.to_owned();
        told.output = "[]".to_owned();
    });
    let told = attributes(&span(&phoenix(), event).attributes);
    let names = ["openinference.", "embedding.", "llm.input", "llm.system", "llm.provider", "llm.model_name"];
    let expected = json!({
        "openinference.span.kind": "EMBEDDING", "llm.model_name": "gpt-4o-2026",
        "embedding.model_name": "gpt-4o-2026",
        "embedding.invocation_parameters": generation().parameters,
        "embedding.embeddings.0.embedding.text": "one", "embedding.embeddings.1.embedding.text": "two",
    });
    assert_eq!(only(&told, &names), expected);
}

#[test]
fn however_long_a_conversation_is_its_span_stays_one() {
    let event = asked(|_, _, told| {
        let messages =
            vec![json!({"role": "user", "content": vec![json!({"type": "image", "id": "i"}); 1000]}); 1000];
        told.input = Value::from(messages).to_string();
    });
    let count = span(&phoenix(), event).attributes.len();
    assert!((128..6000).contains(&count), "{count}");
}

#[test]
fn providers_are_told_by_the_names_that_openinference_has_for_them() {
    for (ours, system, provider) in [
        ("openai", "openai", "openai"),
        ("azure.ai.openai", "openai", "azure"),
        ("gcp.vertex_ai", "vertexai", "google"),
        ("aws.bedrock", "aws.bedrock", "aws"),
        ("mistral_ai", "mistralai", "mistralai"),
    ] {
        let event = asked(|_, _, told| told.system = ours.to_owned());
        let told = attributes(&span(&phoenix(), event).attributes);
        assert_eq!((&told["llm.system"], &told["llm.provider"]), (&json!(system), &json!(provider)));
        assert_eq!(told["gen_ai.provider.name"], ours);
    }
}

#[test]
fn what_an_app_asks_of_a_model_is_named_by_operation_and_model_and_what_it_serves_by_its_route() {
    let named = |source: &str, model: &str| {
        let event = asked(|event, exchange, told| {
            (event.source, exchange.route) = (source.to_owned(), "/v1/{what}".to_owned());
            told.request_model = model.to_owned();
        });
        let span = span(&plain(), event);
        (span.name, span.kind)
    };
    assert_eq!(named("httpx", "gpt-4o"), ("chat gpt-4o".to_owned(), SpanKind::Client as i32));
    assert_eq!(named("aiohttp", ""), ("chat".to_owned(), SpanKind::Client as i32));
    assert_eq!(named("asgi", "gpt-4o"), ("POST /v1/{what}".to_owned(), SpanKind::Server as i32));
}

/// A rate limit, as who asked or who was asked saw it.
fn limited(source: &str, status: u32) -> Event {
    asked(|event, exchange, told| {
        event.source = source.to_owned();
        exchange.status = status;
        exchange.error =
            Some(Error { r#type: "rate_limit_exceeded".to_owned(), message: "Slow down.".to_owned() });
        told.error_kind = "rate_limit".to_owned();
    })
}

#[test]
fn an_error_of_a_provider_s_is_one_to_who_asked_and_a_warning_to_who_answered_with_a_4xx() {
    let failed = Some((StatusCode::Error as i32, "Slow down.".to_owned()));
    for (source, status, expected, level) in [
        ("httpx", 429, failed.clone(), "ERROR"),
        ("aiohttp", 429, failed.clone(), "ERROR"),
        ("asgi", 429, None, "WARNING"),
        ("envoy", 429, None, "WARNING"),
        ("asgi", 529, failed.clone(), "ERROR"),
        // In the middle of a stream.
        ("asgi", 200, failed, "ERROR"),
    ] {
        let told = span(&plain(), limited(source, status));
        let status_told = told.status.map(|status| (status.code, status.message));
        assert_eq!(status_told, expected, "{source} {status}");
        let told = attributes(&told.attributes);
        let error_type = expected.is_some().then(|| json!("rate_limit_exceeded"));
        assert_eq!(told.get("error.type").cloned(), error_type, "{source} {status}");
        assert_eq!(told["offpath.error_kind"], "rate_limit");
        let told = attributes(&span(&langfuse(), limited(source, status)).attributes);
        let names = ["langfuse.observation.level", "langfuse.observation.status_message"];
        let expected = json!({
            "langfuse.observation.level": level, "langfuse.observation.status_message": "Slow down.",
        });
        assert_eq!(only(&told, &names), expected, "{source} {status}");
    }
}

#[test]
fn langfuse_has_a_place_for_all_that_was_read_from_an_exchange() {
    let event = asked(|_, _, told| (told.prompt_name, told.prompt_version) = (String::new(), 0));
    let Some(Kind::Exchange(exchange)) = &event.kind else { unreachable!("it is an exchange") };
    let read = exchange.generation.clone().expect("a generation");
    let told = attributes(&span(&langfuse(), event).attributes);
    let mut told_here = only(&told, &["langfuse."]);
    for name in ["langfuse.observation.usage_details", "langfuse.observation.cost_details"] {
        told_here[name] = serde_json::from_str(told_here[name].as_str().expect("text")).expect("JSON");
    }
    let expected = json!({
        "langfuse.observation.type": "generation",
        "langfuse.observation.input": read.input,
        "langfuse.observation.output": read.output,
        "langfuse.observation.model.name": "gpt-4o-2026",
        "langfuse.observation.model.parameters": read.parameters,
        "langfuse.observation.usage_details": {"input": 40, "input_cached_tokens": 10, "output": 5, "total": 55},
        "langfuse.observation.cost_details": {"input": 0.25, "output": 0.5, "total": 0.75},
        "langfuse.observation.completion_start_time": "2026-11-20T08:00:00.153456789Z",
        "langfuse.environment": "test",
    });
    assert_eq!(told_here, expected);
    assert_eq!(told["gen_ai.provider.name"], "openai");
}
