//! ollama.chat

use crate::{
    api::Api,
    call::Call,
    draft::Draft,
    json::{Document, Json},
};

/// `POST /api/chat`.
#[derive(Debug)]
pub(crate) struct Chat;

impl Api for Chat {
    fn speaks(&self, _request: &Document<'_>, _answer: &Document<'_>) -> bool {
        false
    }

    fn request<'t>(&self, _call: &'t Call<'t>, _request: &Document<'t>, _draft: &mut Draft<'t>) {}

    fn answer(&self, _answer: &Document<'_>, _draft: &mut Draft<'_>) {}

    fn event(&self, _name: &str, _data: &Json<'_>, _draft: &mut Draft<'_>) {}
}
