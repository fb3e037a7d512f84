//! Embeddings: texts, and what they took; of the vectors nothing is kept.
//! Sources: <https://platform.openai.com/docs/api-reference/embeddings>, <https://docs.mistral.ai/api/#tag/embeddings>.

use super::{asks_a_model, fail, is_input, learn_input, refuses, texts};
use crate::{
    api::Api,
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
};

/// `POST …/embeddings`.
#[derive(Debug)]
pub(crate) struct Embeddings;

impl Api for Embeddings {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        // Azure's path names the model.
        let asks =
            is_input(request.value.get("input")) && (asks_a_model(&request.value) || refuses(&answer.value));
        let is_embedding = |item: &Json<'_>| {
            let vector = item.get("embedding");
            item.get("index").count().is_some() && (vector.text().is_some() || !vector.items().is_empty())
        };
        asks || answer.value.get("data").items().iter().any(is_embedding)
    }

    fn path<'t>(&self, call: &'t Call<'t>, draft: &mut Draft<'t>) {
        super::path(call, draft);
    }

    fn request<'t>(&self, _call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        super::ask(request, &["input", "metadata"], draft);
        draft.input = texts(request.value.get("input"));
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        draft.identify(&answer.get("id"), &answer.get("model"));
        learn_input(&answer.get("usage"), draft);
        fail(&answer.value, draft);
    }

    fn event(&self, _name: &str, _data: &Json<'_>, _draft: &mut Draft<'_>) {}
}
