//! Responses. Streams say everything several times: in parts, as a whole, within its item, and within the last event; what is
//! said again takes the place of what was said before, so that it does not matter which of them is there.
//! Sources: <https://platform.openai.com/docs/api-reference/responses>, <https://platform.openai.com/docs/api-reference/responses-streaming>.

use super::{
    fail,
    items::{self, END, Kind, place},
    learn,
};
use crate::{
    api::{Api, failure},
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::{Message, text},
};

/// `POST …/responses`.
#[derive(Debug)]
pub(crate) struct Responses;

/// Members of a request that are no parameters.
const TOLD: [&str; 5] = ["input", "instructions", "prompt", "tools", "metadata"];

impl Api for Responses {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let (request, input) = (&request.value, request.value.get("input"));
        let is_item = |item: &Json<'_>| item.get("type").text().or(item.get("role").text()).is_some();
        let is_input = input.text().is_some() || input.items().iter().any(is_item);
        let is_asked = is_input || request.get("instructions").text().is_some();
        let asks = is_asked && request.get("model").text().is_some()
            || request.get("prompt").get("id").text().is_some();
        let is_event = answer.value.get("type").words().starts_with("response.");
        let answer = if is_event { answer.value.get("response") } else { &answer.value };
        asks || answer.get("object").words() == "response" && answer.get("status").text().is_some()
    }

    fn path<'t>(&self, call: &'t Call<'t>, draft: &mut Draft<'t>) {
        super::path(call, draft);
        draft.is_one = true;
    }

    fn request<'t>(&self, _call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        super::ask(request, &TOLD, draft);
        let (instructions, input) = (request.value.get("instructions"), request.value.get("input"));
        if instructions.text().is_some() {
            draft.input.push(Message::saying("system", text(instructions)));
        }
        if input.text().is_some() {
            draft.input.push(Message::saying("user", text(input)));
        }
        draft.input.extend(items::messages(input.items()));
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        tell(&answer.value, draft);
        if !answer.is_whole {
            tell_behind(answer, draft);
        }
    }

    fn event(&self, name: &str, data: &Json<'_>, draft: &mut Draft<'_>) {
        let name = data.get("type").text().unwrap_or(name);
        let (response, item) = (data.get("response"), data.get("item"));
        let number = data.get("output_index").count().unwrap_or(0);
        match name {
            "response.created" | "response.queued" | "response.in_progress" => {
                draft.identify(response.get("id"), response.get("model"));
            }
            "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled" => {
                tell(response, draft);
                draft.has_ended = true;
            }
            // Whose arguments those are that come.
            "response.output_item.added" if Kind::of(item) == Kind::Call => items::add(number, item, draft),
            "response.output_item.done" if items::says(item) => items::add(number, item, draft),
            "error" => draft.fail(Some(failure::told(data, 0))),
            _ => {
                add_text(name, number, data, draft);
            }
        }
    }

    fn word(&self, word: &str, draft: &mut Draft<'_>) -> bool {
        super::is_done(word, draft)
    }

    fn behind(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        // Of all events, only the last has it.
        draft.has_ended |= tell_behind(answer, draft);
    }
}

/// A response as a whole.
fn tell(response: &Json<'_>, draft: &mut Draft<'_>) {
    draft.identify(response.get("id"), response.get("model"));
    let output = response.get("output").items();
    if output.iter().any(items::says) {
        draft.forget(..);
        for (number, item) in (0..).zip(output) {
            items::add(number, item, draft);
        }
    }
    finish(response.get("status"), response.get("incomplete_details"), draft);
    learn(response.get("usage"), draft);
    fail(response, draft);
}

/// What a response tells of itself behind what it says; whether that is there.
fn tell_behind(answer: &Document<'_>, draft: &mut Draft<'_>) -> bool {
    let usage = answer.behind("usage").unwrap_or(Json::Null);
    learn(&usage, draft);
    draft.identify(&Json::Null, &answer.behind("model").unwrap_or(Json::Null));
    if usage.is_object() && !draft.has_finished() {
        // It is the last item's; the response's is before all items.
        finish(&answer.behind("status").unwrap_or(Json::Null), &Json::Null, draft);
    }
    usage.is_object()
}

fn finish(status: &Json<'_>, details: &Json<'_>, draft: &mut Draft<'_>) {
    let (status, reason) = (status.words(), details.get("reason").words());
    // Others are of what is to be asked for again later.
    if ["completed", "incomplete", "failed", "cancelled"].contains(&status) {
        draft.finish(END, if reason.is_empty() { status } else { reason });
    }
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Text {
    Said,
    Refused,
    Thought,
    Arguments,
}

/// Texts that come in parts, and where the event that ends them has them as a whole.
const TEXTS: [(&str, &str, Text); 8] = [
    ("output_text", "text", Text::Said),
    ("refusal", "refusal", Text::Refused),
    ("reasoning_summary_text", "text", Text::Thought),
    ("reasoning_text", "text", Text::Thought),
    ("function_call_arguments", "arguments", Text::Arguments),
    ("mcp_call_arguments", "arguments", Text::Arguments),
    ("custom_tool_call_input", "input", Text::Arguments),
    ("code_interpreter_call_code", "code", Text::Arguments),
];

/// Takes a text, or a part of one; `None`: it is none, or none that is known.
fn add_text(name: &str, number: u64, data: &Json<'_>, draft: &mut Draft<'_>) -> Option<()> {
    let (name, how) = name.strip_prefix("response.")?.rsplit_once('.')?;
    let (_, whole, text) = TEXTS.into_iter().find(|(known, ..)| *known == name)?;
    let is_whole = how == "done";
    let told = data.get(if is_whole { whole } else { "delta" }).text()?;
    let part = ["content_index", "summary_index"].into_iter().find_map(|key| data.get(key).count());
    let place = place(number, part.filter(|_| text != Text::Arguments).unwrap_or(0));
    if is_whole && text == Text::Arguments {
        draft.call(place, 0).arguments.clear();
    } else if is_whole {
        draft.forget(place..=place);
    }
    match text {
        Text::Said => draft.say(place, told),
        Text::Refused => draft.refuse(place, told),
        Text::Thought => draft.think(place, told),
        Text::Arguments => draft.call(place, 0).arguments.push_str(told),
    }
    Some(())
}
