//! Google's APIs for models: Gemini's and Vertex AI's, which differ in host and path alone.
//! Sources: <https://ai.google.dev/api/generate-content>, <https://ai.google.dev/api/caching#Content>,
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference>.
//!
//! Both take members in camel case and in snake case, and one thing in the place of a list of one.

pub(crate) mod embed;
pub(crate) mod generate;

use std::borrow::Cow;

use crate::{
    json::{Ask as _, Document, Json},
    message::{Media, Message, Part, ToolCall, text, text_or_json},
    usage::Usage,
};

/// The model: what stands before the method in a path, `…/models/<model>:generateContent`; else what the request says.
fn model<'t>(path: &'t str, request: &Document<'t>) -> Cow<'t, str> {
    let named = path.rsplit_once(':').map_or("", |(resource, _)| resource);
    let named = named.rsplit_once('/').map_or(named, |(_, model)| model);
    if !named.is_empty() {
        return named.into();
    }
    match text(&request.get("model")) {
        Cow::Borrowed(told) => told.rsplit_once('/').map_or(told, |(_, model)| model).into(),
        told @ Cow::Owned(_) => told,
    }
}

/// A member by either of its names.
fn either<'v, 't>(value: &'v Json<'t>, camel: &str, snake: &str) -> &'v Json<'t> {
    let member = value.get(camel);
    if member.is_there() { member } else { value.get(snake) }
}

/// The same, wherever it stands.
fn told<'t>(document: &Document<'t>, camel: &str, snake: &str) -> Json<'t> {
    let member = document.get(camel);
    if member.is_there() { member } else { document.get(snake) }
}

/// A list, or one thing in its place.
fn list<'v, 't>(value: &'v Json<'t>) -> &'v [Json<'t>] {
    if value.is_object() { std::slice::from_ref(value) } else { value.items() }
}

/// Adds what a content says: a message, and one for each result of a tool in it.
fn add_content<'t>(content: &Json<'t>, role: &'static str, messages: &mut Vec<Message<'t>>) {
    let begun = messages.len();
    let mut message = Message::new(role);
    for part in list(content.get("parts")) {
        let result = either(part, "functionResponse", "function_response");
        if result.is_object() {
            messages.extend(said(&mut message, role));
            messages.push(result_of_tool(result));
        } else {
            add_part(part, &mut message);
        }
    }
    messages.extend(said(&mut message, role));
    if messages.len() == begun {
        messages.push(message);
    }
}

/// Takes a message, if it says something, and begins another.
fn said<'t>(message: &mut Message<'t>, role: &'static str) -> Option<Message<'t>> {
    let says_nothing =
        message.content.is_empty() && message.tool_calls.is_empty() && message.reasoning.is_empty();
    (!says_nothing).then(|| std::mem::replace(message, Message::new(role)))
}

fn add_part<'t>(told: &Json<'t>, message: &mut Message<'t>) {
    match told.get("text") {
        Json::Str(thought) if told.get("thought").is_true() => message.reasoning.to_mut().push_str(thought),
        Json::Str(said) => message.content.say(said.clone()),
        _ => {
            let call = either(told, "functionCall", "function_call");
            if call.is_object() {
                message.tool_calls.push(tool_call(call));
            } else if let Some(part) = part(told) {
                message.content.push(part);
            }
        }
    }
}

fn tool_call<'t>(call: &Json<'t>) -> ToolCall<'t> {
    ToolCall::new(text(call.get("id")), text(call.get("name")), arguments(call))
}

/// What a function is called with. One that takes nothing is called without.
fn arguments<'t>(call: &Json<'t>) -> Cow<'t, str> {
    let arguments = text_or_json(call.get("args"));
    // Vertex can send arguments member by member, which this version does not read.
    let comes_later = either(call, "willContinue", "will_continue").is_true();
    if arguments.is_empty() && !comes_later { "{}".into() } else { arguments }
}

fn result_of_tool<'t>(result: &Json<'t>) -> Message<'t> {
    let mut message = Message::of_tool(text(result.get("id")), text(result.get("name")));
    message.content.say(text_or_json(result.get("response")));
    result.get("parts").items().iter().filter_map(part).for_each(|part| message.content.push(part));
    message
}

/// A part that is neither text nor a call; `None`: it says nothing.
fn part<'t>(told: &Json<'t>) -> Option<Part<'t>> {
    let (inline, file) = (either(told, "inlineData", "inline_data"), either(told, "fileData", "file_data"));
    let blob = if inline.is_object() { inline } else { file };
    if !blob.is_object() {
        // Code and what it gave, and what is to come; but for what belongs to other parts.
        let mut names = told.members().iter().map(|(name, _)| name.as_ref());
        let says = names.any(|name| !matches!(name, "thought" | "thoughtSignature" | "thought_signature"));
        return says.then(|| Part::Other(told.clone()));
    }
    let media_type = text(either(blob, "mimeType", "mime_type"));
    let kind = media_type.split('/').next().unwrap_or_default().to_owned();
    let media = Media {
        url: text(either(blob, "fileUri", "file_uri")),
        name: text(either(blob, "displayName", "display_name")),
        data: base64(text(blob.get("data"))),
        media_type,
        ..Media::default()
    };
    Some(match kind.as_str() {
        "image" => Part::Image(media),
        "audio" => Part::Audio(media),
        "video" => Part::Video(media),
        _ => Part::File(media),
    })
}

/// Google's clients write base64 in the alphabet for URLs (RFC 4648, 5); all others know the common one.
fn base64(data: Cow<'_, str>) -> Cow<'_, str> {
    let is_of_urls = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=');
    if !data.contains(['-', '_']) || !data.bytes().all(is_of_urls) {
        return data; // What redaction left in its place is no base64.
    }
    data.replace('-', "+").replace('_', "/").into()
}

/// `usageMetadata`.
fn usage(told: &Json<'_>) -> Usage {
    let count = |camel, snake| either(told, camel, snake).count();
    let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
        (None, None) => None,
        (one, other) => Some(one.unwrap_or(0).saturating_add(other.unwrap_or(0))),
    };
    let audio = |camel, snake| {
        let details = either(told, camel, snake).items().iter();
        let mut audio = details.filter(|detail| detail.get("modality").text() == Some("AUDIO"));
        audio.find_map(|detail| either(detail, "tokenCount", "token_count").count())
    };
    // What was read from the cache is told as that, not as audio.
    let cached_audio = audio("cacheTokensDetails", "cache_tokens_details").unwrap_or(0);
    let input_audio = audio("promptTokensDetails", "prompt_tokens_details");
    let reasoning = count("thoughtsTokenCount", "thoughts_token_count");
    Usage {
        input: sum(
            count("promptTokenCount", "prompt_token_count"),
            count("toolUsePromptTokenCount", "tool_use_prompt_token_count"),
        ),
        cache_read: count("cachedContentTokenCount", "cached_content_token_count"),
        input_audio: input_audio.map(|audio| audio.saturating_sub(cached_audio)),
        output: sum(count("candidatesTokenCount", "candidates_token_count"), reasoning),
        reasoning,
        output_audio: audio("candidatesTokensDetails", "candidates_tokens_details"),
        total: count("totalTokenCount", "total_token_count"),
        ..Usage::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Call, Reading, Text, json};

    fn read(path: &str, request: &str, response: &str) -> Option<Reading> {
        let (request, response) = (Text::whole(request), Text::whole(response));
        crate::read(&Call { path, status: 200, request, response, ..Call::default() })
    }

    const GENERATE: &str = "/v1beta/models/gemini-2.5-flash:generateContent";

    #[test]
    fn requests_may_be_in_snake_case_and_have_one_thing_for_a_list() {
        let request = r#"{"system_instruction": {"parts": {"text": "Be brief."}},
            "contents": {"role": "USER", "parts": [{"inline_data": {"mime_type": "image/png", "data": "a-_b"}}, {"text": "What?"}]},
            "generation_config": {"top_k": 4, "response_schema": {"type": "OBJECT"}}}"#;
        let generation = read(GENERATE, request, "").expect("a reading").generation;
        let image = r#"{"type":"image","media_type":"image/png","data":"a+/b"}"#;
        let user = format!(r#"{{"role":"user","content":[{image},{{"type":"text","text":"What?"}}]}}"#);
        assert_eq!(generation.input, format!(r#"[{{"role":"system","content":"Be brief."}},{user}]"#));
        assert_eq!(generation.parameters, r#"{"top_k":4}"#);
        assert_eq!(generation.request_model, "gemini-2.5-flash");
    }

    #[test]
    fn results_of_tools_are_messages_of_their_own_in_their_place() {
        let request = r#"{"contents": [
            {"role": "model", "parts": [{"text": "I look.", "thoughtSignature": "x"}, {"functionCall": {"name": "f"}}, {"thoughtSignature": "y"}]},
            {"role": "function", "parts": [{"functionResponse": {"name": "f", "response": {"a": 1}}}, {"text": "Well?"}]}]}"#;
        let input = read(GENERATE, request, "").expect("a reading").generation.input;
        let call = r#"{"type":"function","function":{"name":"f","arguments":"{}"}}"#;
        let asked = format!(r#"{{"role":"assistant","content":"I look.","tool_calls":[{call}]}}"#);
        let result = r#"{"role":"tool","content":"{\"a\":1}","name":"f"}"#;
        assert_eq!(input, format!(r#"[{asked},{result},{{"role":"tool","content":"Well?"}}]"#));
    }

    #[test]
    fn what_may_be_a_thought_is_not_taken_for_the_answer() {
        let asks = r#"{"contents":[{"parts":[{"text":"?"}]}],"generationConfig":{"thinkingConfig":{"includeThoughts":true}}}"#;
        let cut = r#"{"candidates":[{"content":{"parts":[{"text":"Hm"#;
        assert_eq!(
            read(GENERATE, asks, cut).expect("a reading").generation.output,
            r#"[{"role":"assistant","content":""}]"#
        );
        let asks = r#"{"contents":[{"parts":[{"text":"?"}]}]}"#;
        let output = read(GENERATE, asks, cut).expect("a reading").generation.output;
        assert_eq!(output, r#"[{"role":"assistant","content":"Hm"}]"#);
    }

    #[test]
    fn code_and_what_it_gave_are_as_they_came() {
        let parts = r#"{"text":"So:"},{"executableCode":{"language":"PYTHON","code":"1"}},{"codeExecutionResult":{"output":"1"}}"#;
        let answer = format!(r#"{{"candidates":[{{"content":{{"parts":[{parts}]}}}}]}}"#);
        let output = read(GENERATE, "", &answer).expect("a reading").generation.output;
        let parts = parts.replace(r#"{"text""#, r#"{"type":"text","text""#);
        assert_eq!(output, format!(r#"[{{"role":"assistant","content":[{parts}]}}]"#));
    }

    #[test]
    fn what_an_array_says_behind_a_gap_is_known() {
        let head =
            r#"[{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"modelVersion":"m"},{"candidates":[{"#;
        let tail =
            r#""b"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3},"responseId":"r"}]"#;
        let call = Call { path: GENERATE, status: 200, response: Text::ends(head, tail), ..Call::default() };
        let generation = crate::read(&call).expect("a reading").generation;
        assert_eq!((&*generation.response_id, &*generation.response_model), ("r", "m"));
        assert_eq!((generation.finish_reasons, generation.usage.len()), (vec!["STOP".to_owned()], 1));
        assert!(generation.partial);
    }

    #[test]
    fn audio_that_was_read_from_the_cache_is_counted_once() {
        let told = r#"{"promptTokenCount":100,"cachedContentTokenCount":60,"candidatesTokenCount":5,"thoughtsTokenCount":7,
            "promptTokensDetails":[{"modality":"TEXT","tokenCount":20},{"modality":"AUDIO","tokenCount":80}],
            "cacheTokensDetails":[{"modality":"AUDIO","tokenCount":50}]}"#;
        let usage = usage(&json::whole(told).expect("JSON"));
        assert_eq!(
            (usage.input_audio, usage.cache_read, usage.output, usage.reasoning),
            (Some(30), Some(60), Some(12), Some(7))
        );
    }

    #[test]
    fn what_has_the_path_and_not_the_shape_is_left_alone() {
        assert_eq!(read("/reports/7:generateContent", r#"{"title":"Sales"}"#, r#"{"id":7}"#), None);
        assert_eq!(read("/maps/7:embedContent", r#"{"content":"Oslo"}"#, r#"{"html":""}"#), None);
    }
}
