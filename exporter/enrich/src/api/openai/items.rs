//! Items, of which conversations consist in the responses API: messages, thoughts, calls of tools and what these gave.
//! Source: <https://platform.openai.com/docs/api-reference/responses/object>.

use super::{add_part, message, part};
use crate::{
    draft::{Call, Draft},
    json::{Ask as _, Json},
    message::{Media, Message, Part, ToolCall, text, text_or_json},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Message,
    /// What the model thinks, as far as it is told.
    Thoughts,
    /// A call of a tool, whoever's that is.
    Call,
    /// What a tool gave.
    Result,
    /// An image that the model made.
    Image,
    Other,
}

impl Kind {
    pub(super) fn of(item: &Json<'_>) -> Self {
        match item.get("type").words() {
            "message" => Self::Message,
            "" if item.get("role").text().is_some() => Self::Message,
            "reasoning" => Self::Thoughts,
            "image_generation_call" => Self::Image,
            "mcp_approval_request" => Self::Call,
            name if name.ends_with("_call") => Self::Call,
            name if name.ends_with("_call_output") => Self::Result,
            _ => Self::Other,
        }
    }
}

/// The messages that items come to: what an assistant thinks, says and calls at once is one, as in chats.
pub(super) fn messages<'t>(items: &[Json<'t>]) -> Vec<Message<'t>> {
    let mut messages = Vec::new();
    // The assistant's message that is not over.
    let mut turn: Option<Message<'t>> = None;
    for item in items.iter().filter(|item| item.is_object()) {
        let kind = Kind::of(item);
        let told = if kind == Kind::Message { message(item) } else { Message::default() };
        // An assistant thinks before it says something, and says that before it calls.
        let says_nothing = |turn: &Message<'_>| turn.content.is_empty() && turn.tool_calls.is_empty();
        let has_thought_at_most = turn.as_ref().is_some_and(says_nothing);
        let goes_on = match kind {
            Kind::Message => told.role == "assistant" && has_thought_at_most,
            Kind::Thoughts => has_thought_at_most,
            Kind::Call | Kind::Image => true,
            Kind::Result | Kind::Other => false,
        };
        if !goes_on {
            messages.extend(turn.take());
        }
        match kind {
            Kind::Message if told.role != "assistant" => messages.push(told),
            Kind::Message => {
                let Message { reasoning, .. } = turn.take().unwrap_or_default();
                turn = Some(Message { reasoning, ..told });
            }
            Kind::Thoughts => add_thoughts(item, turn.get_or_insert_with(|| Message::new("assistant"))),
            Kind::Call => {
                let calls = &mut turn.get_or_insert_with(|| Message::new("assistant")).tool_calls;
                calls.push(call(item));
            }
            Kind::Image => turn.get_or_insert_with(|| Message::new("assistant")).content.push(image(item)),
            Kind::Result => messages.push(result(item)),
            Kind::Other => {
                let mut other = Message::new("user");
                other.content.push(Part::Other(item.clone()));
                messages.push(other);
            }
        }
    }
    messages.extend(turn);
    messages
}

fn add_thoughts(item: &Json<'_>, message: &mut Message<'_>) {
    let reasoning = message.reasoning.to_mut();
    if !reasoning.is_empty() {
        reasoning.push_str("\n\n");
    }
    reasoning.push_str(&thoughts(item));
}

/// The summary, or, where there is none, the thoughts themselves.
fn thoughts(item: &Json<'_>) -> String {
    let [summary, content] = ["summary", "content"].map(|key| item.get(key).items());
    let parts = if summary.is_empty() { content } else { summary };
    parts.iter().map(|part| part.get("text").words()).collect::<Vec<_>>().join("\n\n")
}

fn call<'t>(item: &Json<'t>) -> ToolCall<'t> {
    let one_of = |keys: &[&str]| {
        let told = keys.iter().map(|key| text_or_json(item.get(key))).find(|told| !told.is_empty());
        told.unwrap_or_default()
    };
    let name = match item.get("type").words() {
        "function_call" | "custom_tool_call" | "mcp_call" | "mcp_approval_request" => text(item.get("name")),
        // OpenAI's own tools are named by what kind of item it is.
        kind => kind.strip_suffix("_call").unwrap_or(kind).to_owned().into(),
    };
    let arguments = one_of(&["arguments", "input", "action", "operation", "code", "queries"]);
    ToolCall::new(one_of(&["call_id", "id"]), name, arguments)
}

fn result<'t>(item: &Json<'t>) -> Message<'t> {
    let mut message = Message::of_tool(text(item.get("call_id")), text(item.get("name")));
    match item.get("output") {
        Json::Str(text) => message.content.say(text.clone()),
        Json::Array(parts) => parts.iter().for_each(|part| add_part(part, &mut message)),
        output if output.is_object() => add_part(output, &mut message),
        _ => {}
    }
    message
}

/// That there is one; it is megabytes long.
fn image<'t>(item: &Json<'t>) -> Part<'t> {
    let media_type = item.get("output_format").text().map(|format| format!("image/{format}"));
    let media_type = media_type.unwrap_or_default().into();
    Part::Image(Media { id: text(item.get("id")), media_type, ..Media::default() })
}

// --- of an answer -------------------------------------------------------------------------------------------------------

/// The parts of an item that are told apart.
const PARTS: u64 = 1 << 32;

/// The place of an item's part among all parts of an answer.
pub(super) fn place(item: u64, part: u64) -> u64 {
    item.min(PARTS - 2) * PARTS + part.min(PARTS - 1)
}

/// Where an answer has what is of no item.
pub(super) const END: u64 = u64::MAX;

/// Whether an item of an answer says something.
pub(super) fn says(item: &Json<'_>) -> bool {
    match Kind::of(item) {
        Kind::Message => item.get("content").text().is_some() || !item.get("content").items().is_empty(),
        Kind::Thoughts => !thoughts(item).is_empty(),
        Kind::Call => !call(item).function.arguments.is_empty(),
        Kind::Result | Kind::Image => true,
        Kind::Other => item.is_object(),
    }
}

/// Adds an item to an answer, instead of what has been said of it.
pub(super) fn add(number: u64, item: &Json<'_>, draft: &mut Draft<'_>) {
    draft.forget(place(number, 0)..=place(number, PARTS));
    let start = place(number, 0);
    match Kind::of(item) {
        Kind::Message => {
            if let Some(text) = item.get("content").text() {
                draft.say(start, text);
            }
            for (part, told) in (0..).zip(item.get("content").items()) {
                add_content(place(number, part), told, draft);
            }
        }
        Kind::Thoughts => draft.think(start, &thoughts(item)),
        Kind::Call => {
            let ToolCall { id, function, .. } = call(item);
            let (name, arguments) = (function.name.into_owned(), function.arguments.into_owned());
            *draft.call(start, 0) = Call { id: id.into_owned(), name, arguments };
        }
        Kind::Image => draft.show(start, image(&item.clone().into_static())),
        Kind::Result | Kind::Other => draft.show(start, Part::Other(item.clone().into_static())),
    }
}

fn add_content(place: u64, told: &Json<'_>, draft: &mut Draft<'_>) {
    match told.get("type").words() {
        "output_text" | "text" => draft.say(place, told.get("text").words()),
        "reasoning_text" => draft.think(place, told.get("text").words()),
        "refusal" => draft.refuse(place, told.get("refusal").words()),
        "output_audio" => draft.say(place, told.get("transcript").words()),
        _ => draft.show(place, part(&told.clone().into_static())),
    }
}
