//! ollama.embed

use crate::{
    api::Api,
    call::Call,
    draft::Draft,
    json::{Document, Json},
};

/// `POST /api/embed`, `/api/embeddings`.
#[derive(Debug)]
pub(crate) struct Embed;

impl Api for Embed {
    fn speaks(&self, _request: &Document<'_>, _answer: &Document<'_>) -> bool {
        false
    }

    fn request<'t>(&self, _call: &'t Call<'t>, _request: &Document<'t>, _draft: &mut Draft<'t>) {}

    fn answer(&self, _answer: &Document<'_>, _draft: &mut Draft<'_>) {}

    fn event(&self, _name: &str, _data: &Json<'_>, _draft: &mut Draft<'_>) {}
}
