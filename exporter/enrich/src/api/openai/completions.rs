//! Completions: a prompt, and what follows it; and Mistral's FIM, which has a chat's answers.
//! Sources: <https://platform.openai.com/docs/api-reference/completions>, <https://docs.mistral.ai/api/#tag/fim>.

use super::{asks_a_model, chat, fail, is_input, learn, refuses, texts};
use crate::{
    api::Api,
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
};

/// `POST …/completions`, `POST …/fim/completions`.
#[derive(Debug)]
pub(crate) struct Completions;

/// Members of a request that are no parameters.
const TOLD: [&str; 3] = ["prompt", "suffix", "metadata"];

impl Api for Completions {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        // Azure's path names the model.
        let asks =
            is_input(request.value.get("prompt")) && (asks_a_model(&request.value) || refuses(&answer.value));
        let object = answer.value.get("object").words();
        let is_choice =
            |choice: &Json<'_>| choice.get("text").text().is_some() && choice.get("index").count().is_some();
        asks || object == "text_completion" || answer.value.get("choices").items().iter().any(is_choice)
    }

    fn path<'t>(&self, call: &'t Call<'t>, draft: &mut Draft<'t>) {
        super::path(call, draft);
    }

    fn request<'t>(&self, _call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        super::ask(request, &TOLD, draft);
        draft.input = texts(request.value.get("prompt"));
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        draft.identify(&answer.get("id"), &answer.get("model"));
        answer.value.get("choices").items().iter().for_each(|choice| add(choice, draft));
        if let Some(reason) = answer.behind("finish_reason") {
            draft.finish(0, reason.words());
        }
        learn(&answer.get("usage"), draft);
        fail(&answer.value, draft);
    }

    fn event(&self, _name: &str, data: &Json<'_>, draft: &mut Draft<'_>) {
        draft.identify(data.get("id"), data.get("model"));
        data.get("choices").items().iter().for_each(|choice| add(choice, draft));
        learn(data.get("usage"), draft);
        fail(data, draft);
    }

    fn word(&self, word: &str, draft: &mut Draft<'_>) -> bool {
        super::is_done(word, draft)
    }
}

/// A choice, or a part of one: a text, or a message of FIM's.
fn add(choice: &Json<'_>, draft: &mut Draft<'_>) {
    if let Some(text) = choice.get("text").text() {
        draft.say(choice.get("index").count().unwrap_or(0), text);
    }
    let (message, delta) = (choice.get("message"), choice.get("delta"));
    chat::add(choice, if message.is_object() { message } else { delta }, draft);
}
