//! Chat, in lines of JSON unless asked for in one piece.
//! Source: <https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion>.

use super::{add_images, end, end_of, request, speaks, tool_call};
use crate::{
    api::Api,
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::{Message, text},
};

/// `POST /api/chat`.
#[derive(Debug)]
pub(crate) struct Chat;

/// Members of a request that are no parameters.
const TOLD: [&str; 4] = ["model", "messages", "stream", "tools"];

impl Api for Chat {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let messages = request.value.get("messages");
        let has_shape = request.value.get("model").text().is_some()
            && matches!(messages, Json::Array(_))
            && messages.items().iter().all(is_message);
        let answers = answer.value.is_object() && !answer.value.get("message").is_object();
        // Its answer is cut before the message, or is an error.
        let may_be = !answers || !answer.is_whole || answer.value.get("error").is_there();
        may_be && speaks(has_shape, request, answer)
    }

    fn request<'t>(&self, _call: &'t Call<'t>, told: &Document<'t>, draft: &mut Draft<'t>) {
        request(told, &TOLD, draft);
        draft.input = told.value.get("messages").items().iter().map(message).collect();
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        add(&answer.value, draft);
        end_of(answer, draft);
    }

    fn event(&self, _name: &str, data: &Json<'_>, draft: &mut Draft<'_>) {
        add(data, draft);
        end(data, draft);
    }
}

/// Texts are texts here, and nothing else.
fn is_message(message: &Json<'_>) -> bool {
    let content = message.get("content");
    message.get("role").text().is_some() && (!content.is_there() || content.text().is_some())
}

fn message<'t>(told: &Json<'t>) -> Message<'t> {
    let mut message = Message {
        name: text(told.get("tool_name")),
        reasoning: text(told.get("thinking")),
        tool_call_id: text(told.get("tool_call_id")),
        tool_calls: told.get("tool_calls").items().iter().map(tool_call).collect(),
        ..Message::new(text(told.get("role")))
    };
    if let Json::Str(said) = told.get("content")
        && (!said.is_empty() || message.tool_calls.is_empty())
    {
        message.content.say(said.clone());
    }
    add_images(told.get("images"), &mut message.content);
    message
}

/// Adds a message, or a part of one.
fn add(line: &Json<'_>, draft: &mut Draft<'_>) {
    draft.identify(&Json::Null, line.get("model"));
    let message = line.get("message");
    draft.role(0, message.get("role").words());
    if let Some(thought) = message.get("thinking").text() {
        draft.think(0, thought);
    }
    if let Some(said) = message.get("content").text() {
        draft.say(0, said);
    }
    for told in message.get("tool_calls").items() {
        // Calls come whole; of those of older versions, only their order tells them apart.
        let (number, told) = (draft.calls(0), tool_call(told));
        let call = draft.call(0, number);
        call.id = told.id.into_owned();
        call.name = told.function.name.into_owned();
        call.arguments = told.function.arguments.into_owned();
    }
}
