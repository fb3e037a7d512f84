//! What follows a prompt, in lines of JSON unless asked for in one piece.
//! Source: <https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-completion>.

use super::{add_images, end, end_of, request, speaks};
use crate::{
    api::Api,
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::Message,
};

/// `POST /api/generate`.
#[derive(Debug)]
pub(crate) struct Generate;

/// Members of a request that are no parameters; `context` is what came before, in tokens.
const TOLD: [&str; 6] = ["model", "prompt", "system", "stream", "images", "context"];

impl Api for Generate {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let (model, prompt) = (request.value.get("model"), request.value.get("prompt"));
        let has_shape = model.text().is_some() && (!prompt.is_there() || prompt.text().is_some());
        let answers = answer.value.is_object() && answer.value.get("response").text().is_none();
        // Its answer is cut before the text, or is an error.
        let may_be = !answers || !answer.is_whole || answer.value.get("error").is_there();
        may_be && speaks(has_shape, request, answer)
    }

    fn request<'t>(&self, _call: &'t Call<'t>, told: &Document<'t>, draft: &mut Draft<'t>) {
        request(told, &TOLD, draft);
        if let Json::Str(system) = told.get("system") {
            draft.input.push(Message::saying("system", system));
        }
        let mut message = Message::new("user");
        if let Json::Str(prompt) = told.value.get("prompt") {
            message.content.say(prompt.clone());
        }
        add_images(told.value.get("images"), &mut message.content);
        if !message.content.is_empty() {
            draft.input.push(message);
        }
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

/// Adds a text, or a part of one.
fn add(line: &Json<'_>, draft: &mut Draft<'_>) {
    draft.identify(&Json::Null, line.get("model"));
    if let Some(thought) = line.get("thinking").text() {
        draft.think(0, thought);
    }
    if let Some(said) = line.get("response").text() {
        draft.say(0, said);
    }
}
