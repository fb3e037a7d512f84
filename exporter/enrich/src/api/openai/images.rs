//! Images: which model was asked for which kind of image, and what that took. Neither prompts nor images are kept.
//! Sources: <https://platform.openai.com/docs/api-reference/images>, <https://platform.openai.com/docs/api-reference/images-streaming>.

use super::{asks_a_model, fail, learn, refuses};
use crate::{
    api::Api,
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
};

/// `POST …/images/generations`, `…/images/edits`, `…/images/variations`.
#[derive(Debug)]
pub(crate) struct Images;

/// Members of a request that are no parameters.
const TOLD: [&str; 5] = ["prompt", "image", "images", "mask", "metadata"];

impl Api for Images {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let (request, answer) = (&request.value, &answer.value);
        let asks = request.get("prompt").text().is_some() && (asks_a_model(request) || refuses(answer));
        // All but generations is asked for in a form.
        let is_refused = *request == Json::Null && refuses(answer);
        let is_image = |image: &Json<'_>| image.get("b64_json").text().or(image.get("url").text()).is_some();
        let is_made =
            answer.get("created").count().is_some() && answer.get("data").items().iter().any(is_image);
        asks || is_refused || is_made || is_event(answer.get("type").words())
    }

    fn path<'t>(&self, call: &'t Call<'t>, draft: &mut Draft<'t>) {
        super::path(call, draft);
    }

    fn request<'t>(&self, _call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        super::ask(request, &TOLD, draft);
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        draft.identify(&answer.get("id"), &answer.get("model"));
        learn(&answer.get("usage"), draft);
        fail(&answer.value, draft);
    }

    fn event(&self, name: &str, data: &Json<'_>, draft: &mut Draft<'_>) {
        let name = data.get("type").text().unwrap_or(name);
        draft.has_ended |= is_event(name) && name.ends_with(".completed");
        learn(data.get("usage"), draft);
        if name == "error" {
            draft.fail(Some(crate::api::failure::told(data, 0)));
        }
        fail(data, draft);
    }

    fn behind(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        if let Some(usage) = answer.behind("usage") {
            learn(&usage, draft);
            // Only the last event has it.
            draft.has_ended |= usage.is_object();
        }
    }
}

fn is_event(name: &str) -> bool {
    name.starts_with("image_generation.") || name.starts_with("image_edit.")
}
