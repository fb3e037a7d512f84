//! Converse, which is one for all models.
//! Sources: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>,
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>.

use std::borrow::Cow;

use crate::{
    api::{Api, failure},
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::{Media, Message, Part, ToolCall, text, text_or_json},
    usage::Usage,
};

/// `POST /model/<model>/converse`, `…/converse-stream`.
#[derive(Debug)]
pub(crate) struct Converse;

/// Kinds of events.
const EVENTS: [&str; 7] = [
    "messageStart",
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
    "metadata",
    "exception",
];

impl Api for Converse {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        asks(&request.value) || answers(&answer.value)
    }

    fn path<'t>(&self, call: &'t Call<'t>, draft: &mut Draft<'t>) {
        super::path(call, draft);
    }

    fn request<'t>(&self, _call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        let system = request.get("system");
        let system = (!system.items().is_empty())
            .then(|| Message::of_blocks(&Cow::Borrowed("system"), system.items(), block));
        let told = request.value.get("messages").items().iter().filter(|message| message.is_object());
        let told = told.map(|message| {
            Message::of_blocks(&text(message.get("role")), message.get("content").items(), block)
        });
        draft.input = system.into_iter().chain(told).flatten().collect();
        for place in ["inferenceConfig", "additionalModelRequestFields"] {
            draft.parameters(&request.get(place), &[]);
        }
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        let message = answer.value.get("output").get("message");
        draft.role(0, message.get("role").words());
        for (number, block) in (0..).zip(message.get("content").items()) {
            say(number, block, draft);
        }
        finish(&answer.get("stopReason"), draft);
        learn(&answer.get("usage"), draft);
        identify(answer.value.get("trace"), draft);
    }

    fn is_event(&self, answer: &Json<'_>) -> bool {
        EVENTS.into_iter().any(|kind| answer.get(kind).is_object())
    }

    fn event(&self, _name: &str, data: &Json<'_>, draft: &mut Draft<'_>) {
        for (kind, told) in data.members() {
            event(kind, told, draft);
        }
    }

    fn behind(&self, rest: &Document<'_>, draft: &mut Draft<'_>) {
        if let Some(reason) = rest.behind("stopReason") {
            finish(&reason, draft);
        }
        if let Some(usage) = rest.behind("usage") {
            learn(&usage, draft);
        }
    }
}

/// Whether a request has messages of blocks that tell what they are by the names of their members.
pub(super) fn asks(request: &Json<'_>) -> bool {
    let is_block = |block: &Json<'_>| block.is_object() && !block.get("type").is_there();
    request.get("messages").items().iter().any(|message| {
        message.get("role").text().is_some() && message.get("content").items().iter().any(is_block)
    })
}

/// Whether it is an answer, or an event of one.
pub(super) fn answers(told: &Json<'_>) -> bool {
    let is_event = |kind: &str| kind != "exception" && kind != "metadata" && told.get(kind).is_object();
    told.get("output").get("message").is_object()
        || EVENTS.into_iter().any(is_event)
        || told.get("metadata").get("usage").is_object()
}

// --- what is asked

/// What a block is, and what it says: it has one member.
fn only<'v, 't>(block: &'v Json<'t>) -> (&'v str, &'v Json<'t>) {
    block.members().first().map_or(("", block), |(kind, told)| (kind.as_ref(), told))
}

/// Adds a block to a message, or returns the result of a tool.
fn block<'t>(block: &Json<'t>, message: &mut Message<'t>) -> Option<Message<'t>> {
    let (kind, told) = only(block);
    match kind {
        "toolUse" if is_api_s_own(told) => {}
        "toolUse" => {
            let (id, name) = (text(told.get("toolUseId")), text(told.get("name")));
            message.tool_calls.push(ToolCall::new(id, name, text_or_json(told.get("input"))));
        }
        "toolResult" => {
            let mut result = Message::of_tool(text(told.get("toolUseId")), "");
            result.content.extend(told.get("content").items().iter().filter_map(part));
            return Some(result);
        }
        "reasoningContent" => message.reasoning += text(told.get("reasoningText").get("text")),
        "citationsContent" => message.content.extend(told.get("content").items().iter().filter_map(part)),
        _ => message.content.extend(part(block)),
    }
    None
}

/// Whether the API itself runs the tool: nobody else is told.
fn is_api_s_own(tool: &Json<'_>) -> bool {
    tool.get("type").words() == "server_tool_use"
}

fn part<'t>(block: &Json<'t>) -> Option<Part<'t>> {
    let (kind, told) = only(block);
    match kind {
        "text" => told.text().is_some().then(|| Part::Text { text: text(told) }),
        "json" => Some(Part::Text { text: text_or_json(told) }),
        // A text that a guardrail is to look at.
        "guardContent" if told.get("text").is_object() => {
            let said = told.get("text").get("text");
            said.text().is_some().then(|| Part::Text { text: text(said) })
        }
        "guardContent" => part(told),
        "image" => Some(Part::Image(media("image", told))),
        "audio" => Some(Part::Audio(media("audio", told))),
        "video" => Some(Part::Video(media("video", told))),
        "document" => Some(Part::File(media("application", told))),
        // Where to cache up to.
        "cachePoint" | "" => None,
        _ => Some(Part::Other(block.clone())),
    }
}

fn media<'t>(kind: &str, told: &Json<'t>) -> Media<'t> {
    let source = told.get("source");
    let data = ["bytes", "text", "content"].into_iter().map(|key| source.get(key));
    Media {
        url: text(source.get("s3Location").get("uri")),
        media_type: told.get("format").text().map_or_else(Cow::default, |format| media_type(kind, format)),
        data: data.map(text_or_json).find(|data| !data.is_empty()).unwrap_or_default(),
        ..Media::default()
    }
}

/// As it is registered, or spoken of.
fn media_type<'t>(kind: &str, format: &str) -> Cow<'t, str> {
    let office = "application/vnd.openxmlformats-officedocument";
    match format {
        "csv" | "html" => format!("text/{format}"),
        "txt" => "text/plain".to_owned(),
        "md" => "text/markdown".to_owned(),
        "doc" => "application/msword".to_owned(),
        "docx" => format!("{office}.wordprocessingml.document"),
        "xls" => "application/vnd.ms-excel".to_owned(),
        "xlsx" => format!("{office}.spreadsheetml.sheet"),
        "mkv" => "video/x-matroska".to_owned(),
        "mov" => "video/quicktime".to_owned(),
        "three_gp" => "video/3gpp".to_owned(),
        "mp3" => "audio/mpeg".to_owned(),
        _ => format!("{kind}/{format}"),
    }
    .into()
}

// --- what is answered

/// A block of an answer in one piece.
fn say(number: u64, block: &Json<'_>, draft: &mut Draft<'_>) {
    let (kind, told) = only(block);
    match kind {
        "text" => draft.say(0, told.words()),
        "reasoningContent" => draft.think(0, told.get("reasoningText").get("text").words()),
        "toolUse" => {
            begin_call(number, told, draft);
            if let Some(call) = draft.begun(0, number) {
                call.arguments.push_str(&text_or_json(told.get("input")));
            }
        }
        "citationsContent" => {
            told.get("content").items().iter().for_each(|part| draft.say(0, part.get("text").words()));
        }
        "image" => draft.show(0, Part::Image(media("image", told).into_static())),
        "audio" => draft.show(0, Part::Audio(media("audio", told).into_static())),
        _ => {}
    }
}

fn event(kind: &str, told: &Json<'_>, draft: &mut Draft<'_>) {
    let number = told.get("contentBlockIndex").count().unwrap_or(0);
    match kind {
        "messageStart" => draft.role(0, told.get("role").words()),
        "contentBlockStart" => begin_call(number, told.get("start").get("toolUse"), draft),
        "contentBlockDelta" => add(number, told.get("delta"), draft),
        "contentBlockStop" => {
            if let Some(call) = draft.begun(0, number).filter(|call| call.arguments.is_empty()) {
                call.arguments.push_str("{}");
            }
        }
        "messageStop" => {
            finish(told.get("stopReason"), draft);
            // What follows are counts.
            draft.has_ended = true;
        }
        "metadata" => {
            learn(told.get("usage"), draft);
            identify(told.get("trace"), draft);
        }
        "exception" => draft.fail(Some(failure::told(told, 0))),
        _ => {}
    }
}

/// The beginning of a call.
fn begin_call(number: u64, told: &Json<'_>, draft: &mut Draft<'_>) {
    if told.is_object() && !is_api_s_own(told) {
        let call = draft.call(0, number);
        told.get("toolUseId").words().clone_into(&mut call.id);
        told.get("name").words().clone_into(&mut call.name);
    }
}

/// More of a block.
fn add(number: u64, delta: &Json<'_>, draft: &mut Draft<'_>) {
    if let Some(text) = delta.get("text").text() {
        draft.say(0, text);
    }
    if let Some(text) = delta.get("reasoningContent").get("text").text() {
        draft.think(0, text);
    }
    if let Some(call) = draft.begun(0, number) {
        call.arguments.push_str(delta.get("toolUse").get("input").words());
    }
}

fn finish(reason: &Json<'_>, draft: &mut Draft<'_>) {
    if let Some(reason) = reason.text() {
        // A message without a block has come to its end, too.
        draft.say(0, "");
        draft.finish(0, reason);
    }
}

/// A router tells which model it has chosen.
fn identify(trace: &Json<'_>, draft: &mut Draft<'_>) {
    draft.identify(&Json::Null, trace.get("promptRouter").get("invokedModelId"));
}

/// `inputTokens` is what caches have no part in; where Nova is invoked, names end with a count.
fn learn(told: &Json<'_>, draft: &mut Draft<'_>) {
    let count = |key| told.get(key).count();
    let read = count("cacheReadInputTokens").or(count("cacheReadInputTokenCount"));
    let write = count("cacheWriteInputTokens").or(count("cacheWriteInputTokenCount"));
    let input = count("inputTokens")
        .map(|rest| rest.saturating_add(read.unwrap_or(0)).saturating_add(write.unwrap_or(0)));
    let output = count("outputTokens");
    // Of less than what it is of, it is no total.
    let least = input.unwrap_or(0).saturating_add(output.unwrap_or(0));
    let total = count("totalTokens").filter(|total| *total >= least);
    draft.usage.learn(&Usage {
        input,
        cache_read: read,
        cache_write: write,
        output,
        total,
        ..Usage::default()
    });
}
