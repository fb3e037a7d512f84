//! Speech, transcriptions, translations: what was asked of which model, and what that took. Neither sounds nor texts are kept.
//! Sources: <https://platform.openai.com/docs/api-reference/audio>, <https://docs.mistral.ai/api/#tag/audio.transcriptions>.

use super::{fail, learn, refuses};
use crate::{
    api::Api,
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
};

/// `POST …/audio/speech`, `…/audio/transcriptions`, `…/audio/translations`.
#[derive(Debug)]
pub(crate) struct Audio;

/// Members of a request that are no parameters.
const TOLD: [&str; 4] = ["input", "instructions", "prompt", "metadata"];

impl Api for Audio {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let (request, answer) = (&request.value, &answer.value);
        let asks = request.get("input").text().is_some()
            && (request.get("voice").is_there() || request.get("model").text().is_some());
        // A sound comes in a form.
        let is_form = !request.is_object();
        let is_told = answer.get("text").text().is_some() || refuses(answer);
        asks || is_form && is_told || is_event(answer.get("type").words())
    }

    fn path<'t>(&self, call: &'t Call<'t>, draft: &mut Draft<'t>) {
        super::path(call, draft);
        let operations =
            [("/speech", "speech"), ("/transcriptions", "transcription"), ("/translations", "translation")];
        let path = call.path.trim_end_matches('/');
        if let Some((_, operation)) = operations.into_iter().find(|(end, _)| path.ends_with(end)) {
            draft.operation = operation;
        }
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
        draft.identify(&Json::Null, data.get("model"));
        draft.has_ended |= is_event(name) && name.ends_with(".done");
        learn(data.get("usage"), draft);
        if name == "error" {
            draft.fail(Some(crate::api::failure::told(data, 0)));
        }
        fail(data, draft);
    }

    fn word(&self, word: &str, draft: &mut Draft<'_>) -> bool {
        super::is_done(word, draft)
    }

    /// A sound, a text, or subtitles.
    fn answers_json(&self) -> bool {
        false
    }
}

fn is_event(name: &str) -> bool {
    ["transcript.text.", "transcription.", "speech.audio."].into_iter().any(|start| name.starts_with(start))
}
