//! Embeddings, by the method for texts, and by the older one for a prompt, which tells neither model nor tokens.
//! Source: <https://github.com/ollama/ollama/blob/main/docs/api.md#generate-embeddings>.

use crate::{
    api::{Api, failure},
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::{Message, text},
    usage::Usage,
};

/// `POST /api/embed`, `/api/embeddings`.
#[derive(Debug)]
pub(crate) struct Embed;

/// Members of a request that are no parameters.
const TOLD: [&str; 3] = ["model", "input", "prompt"];

impl Api for Embed {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let has_model = request.value.get("model").text().is_some();
        let is_number = |value: &Json<'_>| value.number().is_some();
        let is_vector = |value: &Json<'_>| value.items().first().is_some_and(is_number);
        let vectors = answer.value.get("embeddings");
        let is_new =
            answer.value.get("model").text().is_some() && vectors.items().first().is_some_and(is_vector);
        let is_old = request.value.get("prompt").text().is_some() && is_vector(answer.value.get("embedding"));
        let is_error = answer.value.get("error").text().is_some() && answer.value.members().len() == 1;
        let is_marked =
            ["options", "keep_alive", "truncate"].iter().any(|key| request.value.get(key).is_there());
        is_new || has_model && (is_old || is_marked && (is_error || answer.is_missing))
    }

    fn request<'t>(&self, _call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        draft.request_model = text(&request.get("model"));
        let (input, prompt) = (request.value.get("input"), request.value.get("prompt"));
        let texts = [input, prompt].into_iter().chain(input.items()).filter_map(|told| match told {
            Json::Str(said) => Some(Message::saying("user", said.clone())),
            _ => None,
        });
        draft.input = texts.collect();
        draft.parameters(&request.value, &TOLD);
        draft.parameters(&request.get("options"), &[]);
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        draft.identify(&Json::Null, &answer.get("model"));
        let input = answer.get("prompt_eval_count").count();
        // Nothing comes out: that is all.
        draft.usage.learn(&Usage { input, total: input, ..Usage::default() });
        if answer.value.get("error").is_there() {
            draft.fail(Some(failure::told(&answer.value, 0)));
        }
    }

    fn event(&self, _name: &str, _data: &Json<'_>, _draft: &mut Draft<'_>) {}
}
