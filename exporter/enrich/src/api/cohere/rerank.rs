//! Documents in the order of what they have to do with a question.
//! Sources: <https://docs.cohere.com/reference/rerank>, <https://docs.cohere.com/v1/reference/rerank>.

use super::{may_be_any, usage};
use crate::{
    api::Api,
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::{Message, text, text_or_json},
    usage::Usage,
};

/// `POST /v2/rerank`, `/v1/rerank`.
#[derive(Debug)]
pub(crate) struct Rerank;

/// Members of a request that are no parameters.
const TOLD: [&str; 3] = ["model", "query", "documents"];

impl Api for Rerank {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let (asked, told) = (&request.value, &answer.value);
        let asks = asked.get("query").text().is_some() && !asked.get("documents").items().is_empty();
        let is_result = |result: &Json<'_>| {
            result.get("index").count().is_some() && result.get("relevance_score").number().is_some()
        };
        let answers = told.get("results").items().iter().any(is_result);
        answers || asks && request.get("model").text().is_some() && may_be_any(answer)
    }

    fn request<'t>(&self, _call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        draft.request_model = text(&request.get("model"));
        let query = request.get("query");
        let query = query.text().is_some().then(|| Message::saying("user", text(&query)));
        let documents = request.value.get("documents").items().iter().map(document);
        draft.input = query.into_iter().chain(documents).collect();
        draft.parameters(&request.value, &TOLD);
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        draft.identify(answer.value.get("id"), answer.value.get("model"));
        draft.usage.learn(&usage(&answer.get("meta")));
        // vLLM's and Jina's, who speak likewise.
        let told = answer.value.get("usage");
        let (input, total) = (told.get("prompt_tokens").count(), told.get("total_tokens").count());
        draft.usage.learn(&Usage { input: input.or(total), total, ..Usage::default() });
    }

    fn event(&self, _name: &str, _data: &Json<'_>, _draft: &mut Draft<'_>) {}
}

/// A text, or an object that has one, or is one.
fn document<'t>(told: &Json<'t>) -> Message<'t> {
    let said = if told.get("text").text().is_some() { told.get("text") } else { told };
    Message::saying("user", text_or_json(said))
}
