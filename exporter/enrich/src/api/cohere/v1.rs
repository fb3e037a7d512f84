//! Chat's version 1, which is Command R's at Bedrock, too: a question with its history, and an answer of one text.
//! Source: <https://docs.cohere.com/v1/reference/chat>.

use std::borrow::Cow;

use super::{chat::finish, usage};
use crate::{
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::{Message, ToolCall, text, text_or_json},
};

/// What a stream begins with; Bedrock leaves out the first.
const FIRST_EVENTS: [&str; 3] = ["stream-start", "text-generation", "tool-calls-generation"];

/// Preamble, history, the question, and what tools gave.
pub(super) fn ask<'t>(request: &Document<'t>, input: &mut Vec<Message<'t>>) {
    let say = |role: &'static str, told: &Json<'t>| {
        let words = text(told);
        (!words.is_empty()).then(|| Message::saying(role, words))
    };
    input.extend(say("system", &request.get("preamble")));
    let history = request.get("chat_history");
    for told in history.items().iter().filter(|told| told.is_object()) {
        if told.get("tool_results").items().is_empty() {
            input.push(message(told));
        }
        input.extend(told.get("tool_results").items().iter().map(result));
    }
    input.extend(say("user", request.value.get("message")));
    input.extend(request.value.get("tool_results").items().iter().map(result));
}

fn message<'t>(told: &Json<'t>) -> Message<'t> {
    let mut message = Message::new(match text(told.get("role")) {
        role if role == "CHATBOT" => Cow::Borrowed("assistant"),
        role => role.to_lowercase().into(),
    });
    if let Json::Str(text) = told.get("message") {
        message.content.say(text.clone());
    }
    let calls = told.get("tool_calls").items().iter();
    message.tool_calls = calls
        .map(|call| ToolCall::new("", text(call.get("name")), text_or_json(call.get("parameters"))))
        .collect();
    message
}

fn result<'t>(told: &Json<'t>) -> Message<'t> {
    let mut message = Message::of_tool("", text(told.get("call").get("name")));
    message.content.say(text_or_json(told.get("outputs")));
    message
}

pub(super) fn answers(told: &Json<'_>) -> bool {
    let is_answer = told.get("text").text().is_some() && told.get("generation_id").text().is_some();
    is_answer || FIRST_EVENTS.contains(&told.get("event_type").words())
}

pub(super) fn tell(answer: &Document<'_>, draft: &mut Draft<'_>) {
    let told = &answer.value;
    draft.identify(told.get("response_id"), &Json::Null);
    if let Some(text) = told.get("text").text() {
        draft.say(0, text);
    }
    put_calls(told.get("tool_calls"), draft);
    finish(&answer.get("finish_reason"), draft);
    draft.usage.learn(&usage(&answer.get("meta")));
}

pub(super) fn event(data: &Json<'_>, draft: &mut Draft<'_>) {
    match data.get("event_type").words() {
        "text-generation" => draft.say(0, data.get("text").words()),
        "tool-calls-chunk" => {
            draft.say(0, data.get("text").words());
            let delta = data.get("tool_call_delta");
            if delta.is_object() {
                let call = draft.call(0, delta.get("index").count().unwrap_or(0));
                call.name.push_str(delta.get("name").words());
                call.arguments.push_str(delta.get("parameters").words());
            }
        }
        "tool-calls-generation" => put_calls(data.get("tool_calls"), draft),
        "stream-end" => {
            let response = data.get("response");
            if response.get("text").text().is_some() {
                // It has all of it again.
                draft.forget(..);
            }
            tell(&Document::whole(response.clone()), draft);
            finish(data.get("finish_reason"), draft);
            draft.has_ended = true;
        }
        _ => {}
    }
}

/// Calls as a whole, whatever came of them before.
fn put_calls(told: &Json<'_>, draft: &mut Draft<'_>) {
    for (number, told) in (0..).zip(told.items()) {
        let call = draft.call(0, number);
        told.get("name").words().clone_into(&mut call.name);
        call.arguments = text_or_json(told.get("parameters")).into_owned();
    }
}
