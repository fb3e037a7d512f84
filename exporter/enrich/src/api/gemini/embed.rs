//! Embeddings of one content, or of several.
//! Sources: <https://ai.google.dev/api/embeddings>,
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api>.

use super::{add_content, list, model, told, usage};
use crate::{
    api::{Api, failure},
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    usage::Usage,
};

/// `POST …/models/<model>:embedContent`, `:batchEmbedContents`.
#[derive(Debug)]
pub(crate) struct Embed;

/// Members of a request that are no parameters.
const TOLD: [&str; 1] = ["model"];

impl Api for Embed {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let has_parts = |value: &Json<'_>| !list(value.get("content").get("parts")).is_empty();
        let is_vector = |value: &Json<'_>| !value.get("values").items().is_empty();
        has_parts(&request.value)
            || list(request.value.get("requests")).iter().any(has_parts)
            || is_vector(answer.value.get("embedding"))
            || answer.value.get("embeddings").items().iter().any(is_vector)
    }

    fn request<'t>(&self, call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        draft.request_model = model(call.path, request);
        let several = list(request.value.get("requests"));
        let contents = [&request.value].into_iter().chain(several).map(|asked| asked.get("content"));
        for content in contents.filter(|content| content.is_object()) {
            add_content(content, "user", &mut draft.input);
        }
        draft.parameters(&request.value, &TOLD);
        draft.parameters(&told(request, "embedContentConfig", "embed_content_config"), &[]);
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        let told = usage(&told(answer, "usageMetadata", "usage_metadata"));
        // Nothing comes out: that is all.
        draft.usage.learn(&Usage { total: told.total.or(told.input), ..told });
        if answer.value.get("error").is_there() {
            draft.fail(Some(failure::told(&answer.value, 0)));
        }
    }

    fn event(&self, _name: &str, _data: &Json<'_>, _draft: &mut Draft<'_>) {}
}
