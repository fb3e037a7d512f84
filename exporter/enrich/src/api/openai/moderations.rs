//! Moderations: what was judged, and by which model; the verdict is no output of a model's.
//! Sources: <https://platform.openai.com/docs/api-reference/moderations>, <https://docs.mistral.ai/api/#tag/classifiers>.

use super::{add_part, fail, learn_input, message, refuses, texts};
use crate::{
    api::Api,
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::Message,
};

/// `POST …/moderations`, and Mistral's `…/chat/moderations`.
#[derive(Debug)]
pub(crate) struct Moderations;

impl Api for Moderations {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let input = request.value.get("input");
        let is_input = input.text().is_some()
            || input.items().iter().any(|each| each.text().is_some() || each.is_object() || is_chat(each));
        let is_verdict = |result: &Json<'_>| result.get("categories").is_object();
        // The model need not be named.
        let is_told = request.value.get("model").text().is_some() || refuses(&answer.value);
        is_input && is_told || answer.value.get("results").items().iter().any(is_verdict)
    }

    fn path<'t>(&self, call: &'t Call<'t>, draft: &mut Draft<'t>) {
        super::path(call, draft);
    }

    fn request<'t>(&self, _call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        super::ask(request, &["input", "metadata"], draft);
        let input = request.value.get("input");
        draft.input = texts(input);
        // Parts, which are judged together; or Mistral's chats.
        let mut parts = Message::new("user");
        for each in input.items() {
            if is_message(each) {
                draft.input.push(message(each));
            } else if is_chat(each) {
                draft.input.extend(each.items().iter().map(message));
            } else if each.is_object() {
                add_part(each, &mut parts);
            }
        }
        if !parts.content.is_empty() {
            draft.input.push(parts);
        }
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        draft.identify(&answer.get("id"), &answer.get("model"));
        learn_input(&answer.get("usage"), draft);
        fail(&answer.value, draft);
    }

    fn event(&self, _name: &str, _data: &Json<'_>, _draft: &mut Draft<'_>) {}
}

fn is_message(told: &Json<'_>) -> bool {
    told.get("role").text().is_some()
}

fn is_chat(told: &Json<'_>) -> bool {
    told.items().iter().any(is_message)
}
