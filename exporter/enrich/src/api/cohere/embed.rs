//! Embeddings of texts and images.
//! Sources: <https://docs.cohere.com/reference/embed>, <https://docs.cohere.com/v1/reference/embed>.

use super::{may_be_any, usage};
use crate::{
    api::Api,
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::{Media, Message, Part, text},
    usage::Usage,
};

/// `POST /v2/embed`, `/v1/embed`.
#[derive(Debug)]
pub(crate) struct Embed;

/// Members of a request that are no parameters.
const TOLD: [&str; 4] = ["model", "texts", "images", "inputs"];

impl Api for Embed {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let (asked, told) = (&request.value, &answer.value);
        let is_text = |item: &Json<'_>| item.text().is_some();
        let asks = asked.get("texts").items().iter().any(is_text)
            || asked.get("images").items().iter().any(is_text)
            || asked.get("inputs").items().iter().any(|input| !input.get("content").items().is_empty());
        let has_vectors = !told.get("embeddings").items().is_empty() || told.get("embeddings").is_object();
        let answers = has_vectors && told.get("id").text().is_some();
        answers || asks && request.get("model").text().is_some() && may_be_any(answer)
    }

    fn request<'t>(&self, _call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        draft.request_model = text(&request.get("model"));
        let told = &request.value;
        let texts = told.get("texts").items().iter().filter(|told| told.text().is_some());
        let texts = texts.map(|told| Message::saying("user", text(told)));
        let images = told.get("images").items().iter().filter(|told| told.text().is_some());
        let images = images.map(|told| of([Part::Image(Media::at(told))]));
        let inputs = told.get("inputs").items().iter();
        let inputs = inputs.map(|told| of(told.get("content").items().iter().filter_map(super::chat::part)));
        draft.input = texts.chain(images).chain(inputs).collect();
        draft.parameters(told, &TOLD);
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        draft.identify(answer.value.get("id"), &Json::Null);
        let usage = usage(&answer.get("meta"));
        // Nothing comes out.
        draft.usage.learn(&Usage { total: usage.input, ..usage });
    }

    fn event(&self, _name: &str, _data: &Json<'_>, _draft: &mut Draft<'_>) {}
}

fn of<'t>(parts: impl IntoIterator<Item = Part<'t>>) -> Message<'t> {
    let mut message = Message::new("user");
    message.content.extend(parts);
    message
}
