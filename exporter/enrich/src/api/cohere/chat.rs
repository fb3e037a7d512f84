//! Chat, in two versions that have little in common.
//! Sources: <https://docs.cohere.com/reference/chat>, <https://docs.cohere.com/reference/chat-stream>,
//! <https://docs.cohere.com/v1/reference/chat>.

use super::{may_be_any, usage, v1};
use crate::{
    api::{Api, failure},
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::{Media, Message, Part, ToolCall, text, text_or_json},
};

/// `POST /v2/chat`, `/v1/chat`.
#[derive(Debug)]
pub(crate) struct Chat;

/// Members of a request that are no parameters.
const TOLD: [&str; 9] = [
    "model",
    "messages",
    "message",
    "stream",
    "preamble",
    "chat_history",
    "tools",
    "documents",
    "tool_results",
];

impl Api for Chat {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let asked = &request.value;
        let asks = asked.get("message").text().is_some()
            || asked.get("messages").items().iter().any(|message| message.get("role").text().is_some());
        let may_follow = || may_be_any(answer) || is_event(&answer.value);
        answers(&answer.value) || asks && request.get("model").text().is_some() && may_follow()
    }

    fn request<'t>(&self, _call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        draft.request_model = text(&request.get("model"));
        draft.stream = request.get("stream").is_true();
        let told = request.value.get("messages").items().iter().filter(|message| message.is_object());
        draft.input = told.map(message).collect();
        v1::ask(request, &mut draft.input);
        draft.parameters(&request.value, &TOLD);
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        let told = &answer.value;
        let message = told.get("message");
        if !message.is_object() {
            return v1::tell(answer, draft);
        }
        draft.identify(told.get("id"), &Json::Null);
        draft.role(0, message.get("role").words());
        draft.think(0, message.get("tool_plan").words());
        message.get("content").items().iter().for_each(|content| add(content, draft));
        for (number, call) in (0..).zip(message.get("tool_calls").items()) {
            add_call(number, call, draft);
        }
        finish(&answer.get("finish_reason"), draft);
        draft.usage.learn(&usage(&answer.get("usage")));
    }

    fn is_event(&self, answer: &Json<'_>) -> bool {
        answer.get("event_type").text().is_some()
    }

    fn event(&self, _name: &str, data: &Json<'_>, draft: &mut Draft<'_>) {
        if self.is_event(data) {
            return v1::event(data, draft);
        }
        let delta = data.get("delta");
        let message = delta.get("message");
        match data.get("type").words() {
            "message-start" => {
                draft.identify(data.get("id"), &Json::Null);
                draft.role(0, message.get("role").words());
            }
            "content-start" | "content-delta" => add(message.get("content"), draft),
            "tool-plan-delta" => draft.think(0, message.get("tool_plan").words()),
            "tool-call-start" => {
                let next = draft.calls(0);
                add_call(data.get("index").count().unwrap_or(next), message.get("tool_calls"), draft);
            }
            "tool-call-delta" => {
                let last = draft.calls(0).saturating_sub(1);
                add_call(data.get("index").count().unwrap_or(last), message.get("tool_calls"), draft);
            }
            "message-end" => {
                finish(delta.get("finish_reason"), draft);
                draft.usage.learn(&usage(delta.get("usage")));
                if delta.get("error").is_there() {
                    draft.fail(Some(failure::told(delta, 0)));
                }
                draft.has_ended = true;
            }
            _ => {}
        }
    }

    fn word(&self, word: &str, _draft: &mut Draft<'_>) -> bool {
        // Some streams end so.
        word == "[DONE]"
    }

    fn behind(&self, rest: &Document<'_>, draft: &mut Draft<'_>) {
        for key in ["usage", "meta"] {
            draft.usage.learn(&usage(&rest.behind(key).unwrap_or(Json::Null)));
        }
        finish(&rest.behind("finish_reason").unwrap_or(Json::Null), draft);
    }
}

/// Whether it may be an event, of whatever kind.
fn is_event(told: &Json<'_>) -> bool {
    told.get("event_type").text().is_some() || told.get("type").words().contains('-')
}

/// Whether it is an answer, or the first event of one.
fn answers(told: &Json<'_>) -> bool {
    let message = told.get("message");
    let is_message = message.get("role").words() == "assistant"
        && (told.get("finish_reason").text().is_some() || matches!(message.get("content"), Json::Array(_)));
    let is_event =
        told.get("type").words() == "message-start" && told.get("delta").get("message").is_object();
    is_message || is_event || v1::answers(told)
}

// --- what is asked

fn message<'t>(told: &Json<'t>) -> Message<'t> {
    let mut message = Message {
        reasoning: text(told.get("tool_plan")),
        tool_call_id: text(told.get("tool_call_id")),
        ..Message::new(text(told.get("role")))
    };
    match told.get("content") {
        Json::Str(text) => message.content.say(text.clone()),
        content => {
            for told in content.items() {
                message.reasoning += text(told.get("thinking"));
                message.content.extend(part(told));
            }
        }
    }
    let calls = told.get("tool_calls").items().iter();
    message.tool_calls = calls
        .map(|call| {
            let (id, function) = (text(call.get("id")), call.get("function"));
            ToolCall::new(id, text(function.get("name")), text_or_json(function.get("arguments")))
        })
        .collect();
    message
}

/// A part of what a message says; thoughts are none.
pub(super) fn part<'t>(told: &Json<'t>) -> Option<Part<'t>> {
    match told.get("type").words() {
        "text" => told.get("text").text().is_some().then(|| Part::Text { text: text(told.get("text")) }),
        "image_url" => Some(Part::Image(Media::at(told.get("image_url").get("url")))),
        // What a tool has found.
        "document" => Some(Part::Text { text: text_or_json(told.get("document").get("data")) }),
        "thinking" => None,
        _ => told.is_object().then(|| Part::Other(told.clone())),
    }
}

// --- what is answered

/// A part of the answer, or more of one.
fn add(content: &Json<'_>, draft: &mut Draft<'_>) {
    if let Some(text) = content.get("text").text() {
        draft.say(0, text);
    }
    draft.think(0, content.get("thinking").words());
}

/// A call, or more of one.
fn add_call(number: u64, told: &Json<'_>, draft: &mut Draft<'_>) {
    let function = told.get("function");
    let call = draft.call(0, number);
    call.id.push_str(told.get("id").words());
    call.name.push_str(function.get("name").words());
    call.arguments.push_str(&text_or_json(function.get("arguments")));
}

pub(super) fn finish(reason: &Json<'_>, draft: &mut Draft<'_>) {
    if let Some(reason) = reason.text() {
        // A message without content has come to its end, too.
        draft.say(0, "");
        draft.finish(0, reason);
    }
}
