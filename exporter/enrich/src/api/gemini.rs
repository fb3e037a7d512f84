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
