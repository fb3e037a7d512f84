//! OpenAI's APIs, and those of all who speak like them.
//! Sources: <https://platform.openai.com/docs/api-reference>,
//! <https://learn.microsoft.com/azure/ai-foundry/openai/reference>, <https://docs.mistral.ai/api>.

pub(crate) mod audio;
pub(crate) mod chat;
pub(crate) mod completions;
pub(crate) mod embeddings;
pub(crate) mod images;
mod items;
pub(crate) mod moderations;
pub(crate) mod responses;

use std::borrow::Cow;

use super::failure;
use crate::{
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::{Media, Message, Part, ToolCall, text, text_or_json},
    usage::Usage,
};

/// Azure names the model by its deployment: `/openai/deployments/<deployment>/…`.
fn path<'t>(call: &'t Call<'t>, draft: &mut Draft<'t>) {
    let deployment = call.path.split_once("/openai/deployments/").map(|(_, rest)| rest);
    // Other hosts of Azure's, and gateways, have OpenAI's models at the same paths.
    let is_azure = match draft.system {
        "openai" => deployment.is_some(),
        "azure.ai.inference" => call.path.starts_with("/openai/"),
        _ => false,
    };
    if is_azure {
        draft.system = "azure.ai.openai";
    }
    draft.request_model = deployment.and_then(|rest| rest.split('/').next()).unwrap_or_default().into();
}

/// What all requests have, and their parameters: the members that are not told elsewhere.
fn ask<'t>(request: &Document<'t>, told: &[&str], draft: &mut Draft<'t>) {
    let model = text(&request.get("model"));
    if !model.is_empty() {
        draft.request_model = model;
    }
    draft.stream = request.get("stream").is_true();
    draft.parameters(&request.value, &[told, &["model", "stream", "stream_options", "user"]].concat());
}

/// What says which model is to answer, or how: a request that is not for a model has none of it.
fn asks_a_model(request: &Json<'_>) -> bool {
    let is_told = |name: &&str| request.get(name).count().is_some();
    request.get("model").text().is_some() || ["max_tokens", "n", "dimensions"].iter().any(is_told)
}

/// Whether an answer says in OpenAI's form what went wrong.
fn refuses(answer: &Json<'_>) -> bool {
    answer.get("error").get("message").text().is_some()
}

/// What is asked about in `input`, or `prompt`: a text, or several. Tokens are no text.
fn texts<'t>(told: &Json<'t>) -> Vec<Message<'t>> {
    let all = if told.text().is_some() { std::slice::from_ref(told) } else { told.items() };
    let texts = all.iter().filter(|each| each.text().is_some());
    texts.map(|each| Message::saying("user", text(each))).collect()
}

/// Whether `input`, or `prompt`, may be one: a text, tokens, or several of them.
fn is_input(told: &Json<'_>) -> bool {
    let is_one = |each: &Json<'_>| each.text().or(each.count().map(|_| "")).is_some();
    told.text().is_some() || told.items().iter().any(|each| is_one(each) || each.items().iter().any(is_one))
}

/// Takes over what an answer tells of tokens and cost.
fn learn(told: &Json<'_>, draft: &mut Draft<'_>) {
    draft.usage.learn(&usage(told));
    // OpenRouter's is a number, Perplexity's an object.
    let cost = told.get("cost");
    let cost = cost.number().or(cost.get("total_cost").number());
    draft.cost_usd = cost.or(draft.cost_usd);
}

/// `usage`: newer APIs have other names for the same.
pub(crate) fn usage(told: &Json<'_>) -> Usage {
    let one_of = |object: &Json<'_>, names: &[&str]| names.iter().find_map(|name| object.get(name).count());
    let details = |names: &[&str]| {
        let told = names.iter().map(|name| told.get(name)).find(|told| told.is_object());
        told.cloned().unwrap_or(Json::Null)
    };
    let of_input = details(&["prompt_tokens_details", "input_tokens_details", "input_token_details"]);
    let of_output = details(&["completion_tokens_details", "output_tokens_details", "output_token_details"]);
    let mut usage = Usage {
        input: one_of(told, &["prompt_tokens", "input_tokens"]),
        // DeepSeek's and Moonshot's are not among the details.
        cache_read: one_of(&of_input, &["cached_tokens"])
            .or(one_of(told, &["prompt_cache_hit_tokens", "cached_tokens"])),
        cache_write: one_of(&of_input, &["cache_write_tokens"]),
        input_audio: one_of(&of_input, &["audio_tokens"]),
        output: one_of(told, &["completion_tokens", "output_tokens"]),
        reasoning: one_of(&of_output, &["reasoning_tokens"]),
        output_audio: one_of(&of_output, &["audio_tokens"]),
        total: one_of(told, &["total_tokens"]),
    };
    // xAI counts thoughts beside the completion's tokens.
    let with_thoughts =
        usage.output.zip(usage.reasoning).map(|(output, thoughts)| output.saturating_add(thoughts));
    let sum = usage.input.zip(with_thoughts).map(|(input, output)| input.saturating_add(output));
    if sum.is_some() && sum == usage.total {
        usage.output = with_thoughts;
    }
    usage
}

/// The same of what has no output.
fn learn_input(told: &Json<'_>, draft: &mut Draft<'_>) {
    draft.usage.learn(&Usage { output: None, ..usage(told) });
}

/// Takes over what an answer that is no error says of one.
fn fail(told: &Json<'_>, draft: &mut Draft<'_>) {
    // vLLM's may be the whole object.
    if told.get("error").is_there() || told.get("object").words() == "error" {
        draft.fail(Some(failure::told(told, 0)));
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
        content => content.items().iter().for_each(|told| add_part(told, &mut message)),
    }
    let audio = text(told.get("audio").get("id"));
    if !audio.is_empty() {
        message.content.push(Part::Audio(Media { id: audio, ..Media::default() }));
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

/// vLLM, DeepSeek and others have one name for it, OpenRouter, Groq and newer ones of vLLM another; OpenRouter may tell it in
/// detail only.
fn reasoning<'t>(told: &Json<'t>) -> Cow<'t, str> {
    let names = ["reasoning_content", "reasoning"];
    let told_whole = names.into_iter().map(|name| text(told.get(name))).find(|told| !told.is_empty());
    told_whole.unwrap_or_else(|| {
        let details = told.get("reasoning_details").items().iter();
        details.flat_map(|told| [told.get("text").words(), told.get("summary").words()]).collect()
    })
}

fn call<'t>(id: &Json<'t>, function: &Json<'t>) -> ToolCall<'t> {
    ToolCall::new(text(id), text(function.get("name")), text_or_json(function.get("arguments")))
}

fn add_part<'t>(told: &Json<'t>, message: &mut Message<'t>) {
    match told.get("type").words() {
        "thinking" => message.reasoning.to_mut().push_str(&thinking(told)),
        "refusal" => message.refusal.to_mut().push_str(told.get("refusal").words()),
        _ => message.content.push(part(told)),
    }
}

/// What a part of Mistral's says that the model thinks: a text, or parts that are.
fn thinking(told: &Json<'_>) -> String {
    let thinking = told.get("thinking");
    let parts = thinking.items().iter().map(|part| part.get("text").words());
    std::iter::once(thinking.words()).chain(parts).collect()
}

/// A part of a message's content, whether a chat's or one of responses.
fn part<'t>(told: &Json<'t>) -> Part<'t> {
    let within = |key: &str| if told.get(key).is_object() { told.get(key).clone() } else { told.clone() };
    match told.get("type").words() {
        _ if told.text().is_some() => Part::Text { text: text(told) },
        "text" | "input_text" | "output_text" | "summary_text" => Part::Text { text: text(told.get("text")) },
        "image_url" | "input_image" | "computer_screenshot" => {
            let image = told.get("image_url");
            let url = text(if image.is_object() { image.get("url") } else { image });
            Part::Image(Media { url, id: text(told.get("file_id")), ..Media::default() })
        }
        "input_audio" => {
            let audio = told.get("input_audio");
            let media_type = audio.get("format").text().map(|format| format!("audio/{format}"));
            // Mistral's is the data as such.
            let data = text(if audio.is_object() { audio.get("data") } else { audio });
            Part::Audio(Media { media_type: media_type.unwrap_or_default().into(), data, ..Media::default() })
        }
        "video_url" => Part::Video(Media::at(within("video_url").get("url"))),
        "file" | "input_file" => {
            let file = within("file");
            let (id, name) = (text(file.get("file_id")), text(file.get("filename")));
            let (url, data) = (text(file.get("file_url")), text(file.get("file_data")));
            Part::File(Media { url, id, name, data, ..Media::default() })
        }
        "document_url" => {
            let (url, name) = (text(told.get("document_url")), text(told.get("document_name")));
            Part::File(Media { url, name, ..Media::default() })
        }
        _ => Part::Other(told.clone()),
    }
}

/// An image that a model made. One that is in its address has no other, and is too long to be said again.
fn made(url: &str) -> Part<'static> {
    let media = if let Some(data) = url.strip_prefix("data:") {
        let media_type = data.split([';', ',']).next().unwrap_or_default().to_owned();
        Media { media_type: media_type.into(), ..Media::default() }
    } else {
        Media { url: url.to_owned().into(), ..Media::default() }
    };
    Part::Image(media)
}
