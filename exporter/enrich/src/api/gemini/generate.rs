//! Generating content, in one piece, as server-sent events (`?alt=sse`), or as the items of an array.
//! Sources: <https://ai.google.dev/api/generate-content>,
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference>.
//!
//! A prompt or an answer that Google blocks is no failure, as little as one that reaches its limit: the status is 200, and the
//! reason, as of `promptFeedback.blockReason` and `finishReason`, is why the answer ended. The end of a stream is the event that
//! says so; there is no other marker.

use super::{add_content, either, list, model, part, told, tool_call, usage};
use crate::{
    api::{Api, failure},
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::Message,
};

/// `POST …/models/<model>:generateContent`, `:streamGenerateContent`.
#[derive(Debug)]
pub(crate) struct Generate;

/// Members of a request that are no parameters.
const TOLD: [&str; 1] = ["model"];

impl Api for Generate {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let contents = list(request.value.get("contents"));
        let asks = contents.iter().any(|content| !list(content.get("parts")).is_empty());
        let first = answer.value.items().first().unwrap_or(&answer.value);
        asks || first.get("candidates").items().iter().any(Json::is_object)
            || either(first, "promptFeedback", "prompt_feedback").is_object()
            || either(first, "usageMetadata", "usage_metadata").is_object()
    }

    fn request<'t>(&self, call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        draft.request_model = model(call.path, request);
        draft.stream = call.path.trim_end_matches('/').ends_with(":streamGenerateContent");
        let system = told(request, "systemInstruction", "system_instruction");
        if let Json::Str(said) = &system {
            draft.input.push(Message::saying("system", said.clone()));
        } else if system.is_object() {
            add_content(&system, "system", &mut draft.input);
        }
        for content in list(request.value.get("contents")) {
            add_content(content, role(content), &mut draft.input);
        }
        draft.parameters(&request.value, &TOLD);
        let config = told(request, "generationConfig", "generation_config");
        draft.parameters(&config, &[]);
        let thinking = either(&config, "thinkingConfig", "thinking_config");
        draft.asks_for_thoughts = either(thinking, "includeThoughts", "include_thoughts").is_true();
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        take(&answer.value, !answer.is_whole, draft);
        let behind =
            |camel, snake| answer.behind(camel).or_else(|| answer.behind(snake)).unwrap_or(Json::Null);
        draft.identify(&behind("responseId", "response_id"), &behind("modelVersion", "model_version"));
        draft.finish(0, behind("finishReason", "finish_reason").words());
        draft.usage.learn(&usage(&behind("usageMetadata", "usage_metadata")));
    }

    fn event(&self, _name: &str, data: &Json<'_>, draft: &mut Draft<'_>) {
        take(data, false, draft);
    }
}

/// Takes an answer, or a part of one; `is_cut`: it breaks off.
fn take(data: &Json<'_>, is_cut: bool, draft: &mut Draft<'_>) {
    let (id, version) =
        (either(data, "responseId", "response_id"), either(data, "modelVersion", "model_version"));
    draft.identify(id, version);
    let candidates = data.get("candidates").items();
    for (place, candidate) in candidates.iter().enumerate() {
        add(place as u64, candidate, is_cut && place + 1 == candidates.len(), draft);
    }
    let feedback = either(data, "promptFeedback", "prompt_feedback");
    draft.finish(0, either(feedback, "blockReason", "block_reason").words());
    draft.usage.learn(&usage(either(data, "usageMetadata", "usage_metadata")));
    if data.get("error").is_there() {
        draft.fail(Some(failure::told(data, 0)));
    }
}

/// Vertex takes it in capitals, too; results of tools are of the old role `function`, or the user's.
fn role(content: &Json<'_>) -> &'static str {
    let role = content.get("role").words();
    let is = |name: &str| role.eq_ignore_ascii_case(name);
    if is("model") || is("assistant") {
        "assistant"
    } else if is("function") || is("tool") {
        "tool"
    } else if is("system") {
        "system"
    } else {
        "user"
    }
}

/// Adds a candidate, or a part of one; `is_cut`: it may break off in the last part.
fn add(place: u64, candidate: &Json<'_>, is_cut: bool, draft: &mut Draft<'_>) {
    let index = candidate.get("index").count().unwrap_or(place);
    let content = candidate.get("content");
    if content.is_object() {
        draft.say(index, "");
    }
    let parts = list(content.get("parts"));
    for (place, told) in parts.iter().enumerate() {
        // That it is a thought stands behind a thought's text.
        let may_be_thought = is_cut && place + 1 == parts.len() && draft.asks_for_thoughts;
        if !may_be_thought || told.get("thought").is_there() || draft.has_thought(index) {
            add_part(index, told, draft);
        }
    }
    draft.finish(index, either(candidate, "finishReason", "finish_reason").words());
}

fn add_part(index: u64, told: &Json<'_>, draft: &mut Draft<'_>) {
    let call = either(told, "functionCall", "function_call");
    match told.get("text") {
        Json::Str(thought) if told.get("thought").is_true() => draft.think(index, thought),
        Json::Str(said) => draft.say(index, said),
        // Calls come whole, and most of them without an id: their order tells them apart.
        _ if call.is_object() => {
            let (number, told) = (draft.calls(index), tool_call(call));
            let call = draft.call(index, number);
            call.id = told.id.into_owned();
            call.name = told.function.name.into_owned();
            call.arguments = told.function.arguments.into_owned();
        }
        _ => {
            if let Some(part) = part(&told.to_static()) {
                draft.show(index, part);
            }
        }
    }
}
