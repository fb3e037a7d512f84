//! OpenAI's APIs, and those of all who speak like them.
//! Source: <https://platform.openai.com/docs/api-reference>.

pub(crate) mod audio;
pub(crate) mod chat;
pub(crate) mod completions;
pub(crate) mod embeddings;
pub(crate) mod images;
pub(crate) mod moderations;
pub(crate) mod responses;

use std::borrow::Cow;

use crate::{
    draft::Draft,
    json::{Ask as _, Json},
    message::{Media, Message, Part, ToolCall, text, text_or_json},
    usage::Usage,
};

/// `usage` of chat completions, completions and embeddings.
fn usage(told: &Json<'_>) -> Usage {
    let (input, output) = (told.get("prompt_tokens_details"), told.get("completion_tokens_details"));
    Usage {
        input: told.get("prompt_tokens").count(),
        cache_read: input.get("cached_tokens").count(),
        cache_write: input.get("cache_write_tokens").count(),
        input_audio: input.get("audio_tokens").count(),
        output: told.get("completion_tokens").count(),
        reasoning: output.get("reasoning_tokens").count(),
        output_audio: output.get("audio_tokens").count(),
        total: told.get("total_tokens").count(),
    }
}

/// What ends a stream.
fn is_done(word: &str, draft: &mut Draft<'_>) -> bool {
    draft.has_ended |= word == "[DONE]";
    word == "[DONE]"
}

/// A message of a chat.
fn message<'t>(told: &Json<'t>) -> Message<'t> {
    let mut message = Message {
        name: text(told.get("name")),
        reasoning: reasoning(told),
        refusal: text(told.get("refusal")),
        tool_call_id: text(told.get("tool_call_id")),
        ..Message::new(role(text(told.get("role"))))
    };
    match told.get("content") {
        Json::Str(text) => message.content.say(text.clone()),
        content => content.items().iter().for_each(|told| message.content.push(part(told))),
    }
    let calls = told.get("tool_calls").items().iter().map(|told| call(told.get("id"), told.get("function")));
    let function = told.get("function_call");
    let old = function.is_object().then(|| call(&Json::Null, function));
    message.tool_calls = calls.chain(old).collect();
    message
}

/// The old name of what tools are now.
fn role(role: Cow<'_, str>) -> Cow<'_, str> {
    if role == "function" { "tool".into() } else { role }
}

/// vLLM, DeepSeek and others have one name for it, OpenRouter and newer ones of vLLM another.
fn reasoning<'t>(told: &Json<'t>) -> Cow<'t, str> {
    let reasoning = text(told.get("reasoning_content"));
    if reasoning.is_empty() { text(told.get("reasoning")) } else { reasoning }
}

fn call<'t>(id: &Json<'t>, function: &Json<'t>) -> ToolCall<'t> {
    ToolCall::new(text(id), text(function.get("name")), text_or_json(function.get("arguments")))
}

/// A part of a message's content.
fn part<'t>(told: &Json<'t>) -> Part<'t> {
    match told.get("type").words() {
        "text" | "refusal" => {
            let said = told.get("text");
            Part::Text { text: text(if said.is_there() { said } else { told.get("refusal") }) }
        }
        "image_url" => {
            let image = told.get("image_url");
            Part::Image(Media::at(if image.is_object() { image.get("url") } else { image }))
        }
        "input_audio" => {
            let audio = told.get("input_audio");
            let media_type = audio.get("format").text().map(|format| format!("audio/{format}"));
            Part::Audio(Media {
                media_type: media_type.unwrap_or_default().into(),
                data: text(audio.get("data")),
                ..Media::default()
            })
        }
        "video_url" => Part::Video(Media::at(told.get("video_url").get("url"))),
        "file" => {
            let file = told.get("file");
            let (id, name) = (text(file.get("file_id")), text(file.get("filename")));
            Part::File(Media { id, name, data: text(file.get("file_data")), ..Media::default() })
        }
        _ => Part::Other(told.clone()),
    }
}
