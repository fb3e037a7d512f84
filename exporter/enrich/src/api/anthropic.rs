//! Messages, as Claude takes and gives them, at Anthropic's and elsewhere.
//! Sources: <https://docs.anthropic.com/en/api/messages>, <https://docs.anthropic.com/en/docs/build-with-claude/streaming>.

use std::borrow::Cow;

use crate::{
    api::{Api, failure},
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::{Media, Message, Part, ToolCall, text, text_or_json},
    usage::Usage,
};

/// `POST …/messages`.
#[derive(Debug)]
pub(crate) struct Messages;

/// Members of a request that are no parameters; the last two are what other hosts have in place of headers.
const TOLD: [&str; 7] =
    ["model", "messages", "system", "stream", "tools", "anthropic_version", "anthropic_beta"];

impl Api for Messages {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let says = |message: &Json<'_>| {
            let content = message.get("content");
            message.get("role").text().is_some() && (content.text().is_some() || is_blocks(content))
        };
        let asks = request.value.get("messages").items().iter().any(says);
        let is_asked =
            || request.get("model").text().is_some() || request.get("max_tokens").count().is_some();
        asks && is_asked() || is_answer(&answer.value)
    }

    fn request<'t>(&self, _call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        draft.request_model = text(&request.get("model"));
        draft.stream = request.get("stream").is_true();
        let system = request.get("system");
        let is_said = system.text().is_some() || !system.items().is_empty();
        let system = is_said.then(|| messages("system".into(), &system));
        let told = request.value.get("messages").items().iter().filter(|message| message.is_object());
        let told = told.map(|message| messages(text(message.get("role")), message.get("content")));
        draft.input = system.into_iter().chain(told).flatten().collect();
        draft.parameters(&request.value, &TOLD);
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        begin_message(&answer.value, draft);
        end_message(&answer.get("stop_reason"), &answer.get("stop_details"), draft);
        learn(&answer.get("usage"), draft);
        fail(&answer.value, draft);
    }

    fn event(&self, name: &str, data: &Json<'_>, draft: &mut Draft<'_>) {
        let number = data.get("index").count().unwrap_or(0);
        match data.get("type").text().unwrap_or(name) {
            "message_start" => {
                let message = data.get("message");
                begin_message(message, draft);
                let input = learned(message.get("usage"), &draft.usage);
                // What came out is counted by then is a beginning, and not what an answer that breaks off comes to.
                draft.usage.learn(&Usage { output: None, ..input });
            }
            "content_block_start" => begin(number, data.get("content_block"), draft),
            "content_block_delta" => add(number, data.get("delta"), draft),
            "content_block_stop" => end(number, draft),
            "message_delta" => {
                let delta = data.get("delta");
                end_message(delta.get("stop_reason"), delta.get("stop_details"), draft);
                learn(data.get("usage"), draft);
            }
            "message_stop" => draft.has_ended = true,
            "error" => fail(data, draft),
            _ => {}
        }
    }

    fn behind(&self, rest: &Document<'_>, draft: &mut Draft<'_>) {
        // The end of an event that tells it; no other one has both.
        if let (Some(usage), Some(reason)) = (rest.behind("usage"), rest.behind("stop_reason")) {
            end_message(&reason, &Json::Null, draft);
            learn(&usage, draft);
        }
    }
}

fn is_blocks(content: &Json<'_>) -> bool {
    content.items().iter().any(|block| block.get("type").text().is_some())
}

/// Whether it is an answer, or the first event of one.
fn is_answer(told: &Json<'_>) -> bool {
    let message = if told.get("type").words() == "message_start" { told.get("message") } else { told };
    let is_message = message.get("type").words() == "message" && message.get("role").words() == "assistant";
    is_message && matches!(message.get("content"), Json::Array(_))
}

// --- what is asked

/// A message, and what tools gave in it.
fn messages<'t>(role: Cow<'t, str>, content: &Json<'t>) -> Vec<Message<'t>> {
    if let Json::Str(text) = content {
        return vec![Message::saying(role, text.clone())];
    }
    Message::of_blocks(&role, content.items(), block)
}

/// Adds a block to a message, or returns the result of a tool.
fn block<'t>(told: &Json<'t>, message: &mut Message<'t>) -> Option<Message<'t>> {
    match told.get("type").words() {
        "thinking" => message.reasoning += text(told.get("thinking")),
        "tool_use" => {
            let (id, name) = (text(told.get("id")), text(told.get("name")));
            message.tool_calls.push(ToolCall::new(id, name, text_or_json(told.get("input"))));
        }
        "tool_result" => return Some(result(told)),
        kind if is_api_s_own(kind) => {}
        _ => message.content.extend(part(told)),
    }
    None
}

/// Thoughts that nobody can read, and tools that the API runs itself: they tell nobody else anything.
fn is_api_s_own(kind: &str) -> bool {
    kind == "redacted_thinking" || kind.ends_with("_tool_use") || kind.ends_with("_tool_result")
}

fn result<'t>(told: &Json<'t>) -> Message<'t> {
    let mut message = Message::of_tool(text(told.get("tool_use_id")), "");
    match told.get("content") {
        Json::Str(text) => message.content.say(text.clone()),
        blocks => message.content.extend(blocks.items().iter().filter_map(part)),
    }
    message
}

fn part<'t>(told: &Json<'t>) -> Option<Part<'t>> {
    let source = told.get("source");
    match told.get("type").words() {
        "text" => told.get("text").text().is_some().then(|| Part::Text { text: text(told.get("text")) }),
        "image" => Some(Part::Image(media(source))),
        "document" => Some(Part::File(media(source))),
        "container_upload" => Some(Part::File(media(told))),
        _ => told.is_object().then(|| Part::Other(told.clone())),
    }
}

/// Where an image, or a document, is, or what it is.
fn media<'t>(source: &Json<'t>) -> Media<'t> {
    let (data, content) = (source.get("data"), source.get("content"));
    Media {
        url: text(source.get("url")),
        media_type: text(source.get("media_type")),
        id: text(source.get("file_id")),
        data: if content.is_there() { text_or_json(content) } else { text(data) },
        ..Media::default()
    }
}

// --- what is answered

/// A message as far as it is there.
fn begin_message(told: &Json<'_>, draft: &mut Draft<'_>) {
    draft.identify(told.get("id"), told.get("model"));
    draft.role(0, told.get("role").words());
    for (number, block) in (0..).zip(told.get("content").items()) {
        begin(number, block, draft);
        // What was cut is not known to be empty.
        if block.get("input").is_object() {
            end(number, draft);
        }
    }
}

/// A block, or the beginning of one.
fn begin(number: u64, block: &Json<'_>, draft: &mut Draft<'_>) {
    match block.get("type").words() {
        "text" => draft.say(0, block.get("text").words()),
        "thinking" => draft.think(0, block.get("thinking").words()),
        "tool_use" => {
            let input = block.get("input");
            let call = draft.call(0, number);
            block.get("id").words().clone_into(&mut call.id);
            block.get("name").words().clone_into(&mut call.name);
            // In a stream it is empty, and comes after that.
            let comes = input.is_object() && input.members().is_empty();
            call.arguments = if comes { String::new() } else { text_or_json(input).into_owned() };
        }
        _ => {}
    }
}

/// More of a block.
fn add(number: u64, delta: &Json<'_>, draft: &mut Draft<'_>) {
    match delta.get("type").words() {
        "text_delta" => draft.say(0, delta.get("text").words()),
        "thinking_delta" => draft.think(0, delta.get("thinking").words()),
        "input_json_delta" => {
            // What has not begun as a call is one of a tool that the API runs itself.
            if let Some(call) = draft.begun(0, number) {
                call.arguments.push_str(delta.get("partial_json").words());
            }
        }
        _ => {}
    }
}

/// The end of a block.
fn end(number: u64, draft: &mut Draft<'_>) {
    if let Some(call) = draft.begun(0, number).filter(|call| call.arguments.is_empty()) {
        call.arguments.push_str("{}");
    }
}

fn end_message(reason: &Json<'_>, details: &Json<'_>, draft: &mut Draft<'_>) {
    if let Some(reason) = reason.text() {
        // A message without a block has come to its end, too.
        draft.say(0, "");
        draft.finish(0, reason);
    }
    if let Some(explanation) = details.get("explanation").text() {
        draft.refuse(0, explanation);
    }
}

fn fail(told: &Json<'_>, draft: &mut Draft<'_>) {
    if told.get("error").is_there() {
        draft.fail(Some(failure::told(told, 0)));
    }
}

fn learn(told: &Json<'_>, draft: &mut Draft<'_>) {
    let usage = learned(told, &draft.usage);
    draft.usage.learn(&usage);
}

/// `usage`, as it is told once.
pub(crate) fn usage(told: &Json<'_>) -> Usage {
    learned(told, &Usage::default())
}

/// Counts are told again, some or all of them, and cumulate; `input_tokens` is what caches have no part in.
fn learned(told: &Json<'_>, known: &Usage) -> Usage {
    let count = |key| told.get(key).count();
    let (read, write) = (count("cache_read_input_tokens"), count("cache_creation_input_tokens"));
    let known_read = known.cache_read.unwrap_or(0);
    let known_write = known.cache_write.unwrap_or(0);
    let known_rest = known.input.map(|input| input.saturating_sub(known_read).saturating_sub(known_write));
    let input = count("input_tokens").or(known_rest).map(|rest| {
        rest.saturating_add(read.unwrap_or(known_read)).saturating_add(write.unwrap_or(known_write))
    });
    Usage {
        input,
        cache_read: read,
        cache_write: write,
        output: count("output_tokens"),
        reasoning: told.get("output_tokens_details").get("thinking_tokens").count(),
        ..Usage::default()
    }
}
