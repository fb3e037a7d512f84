//! Chat completions, with what vLLM, OpenRouter, Azure, DeepSeek and others add.
//! Sources: <https://platform.openai.com/docs/api-reference/chat>, <https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html>,
//! <https://openrouter.ai/docs/api-reference/overview>.

use super::{message, reasoning, usage};
use crate::{
    api::{Api, failure},
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::{Media, Part, text},
};

/// `POST …/chat/completions`.
#[derive(Debug)]
pub(crate) struct Chat;

/// Members of a request that are no parameters.
const TOLD: [&str; 8] =
    ["model", "messages", "stream", "stream_options", "tools", "functions", "user", "metadata"];

impl Api for Chat {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let asks =
            request.value.get("messages").items().iter().any(|message| message.get("role").text().is_some());
        let object = answer.value.get("object").words();
        asks || object.starts_with("chat.completion")
            || answer.value.get("choices").items().iter().any(is_choice)
    }

    fn request<'t>(&self, call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        draft.request_model = text(&request.get("model"));
        if draft.request_model.is_empty() {
            draft.request_model = deployment(call.path).into();
        }
        draft.stream = request.get("stream").is_true();
        draft.input = request.value.get("messages").items().iter().map(message).collect();
        draft.parameters(&request.value, &TOLD);
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        draft.identify(&answer.get("id"), &answer.get("model"));
        for choice in answer.value.get("choices").items() {
            add(choice, choice.get("message"), draft);
        }
        if let Some(reason) = answer.behind("finish_reason") {
            draft.finish(0, reason.words());
        }
        learn(&answer.get("usage"), draft);
        if answer.value.get("error").is_there() {
            draft.fail(Some(failure::told(&answer.value, 0)));
        }
    }

    fn event(&self, _name: &str, data: &Json<'_>, draft: &mut Draft<'_>) {
        draft.identify(data.get("id"), data.get("model"));
        for choice in data.get("choices").items() {
            add(choice, choice.get("delta"), draft);
        }
        learn(data.get("usage"), draft);
        if data.get("error").is_there() {
            draft.fail(Some(failure::told(data, 0)));
        }
    }

    fn word(&self, word: &str, draft: &mut Draft<'_>) -> bool {
        super::is_done(word, draft)
    }
}

fn is_choice(choice: &Json<'_>) -> bool {
    choice.get("message").is_object() || choice.get("delta").is_object()
}

/// Azure names the model by the deployment in the path: `/openai/deployments/<deployment>/…`.
pub(super) fn deployment(path: &str) -> &str {
    let rest = path.split_once("/deployments/").map_or("", |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}

fn learn(told: &Json<'_>, draft: &mut Draft<'_>) {
    draft.usage.learn(&usage(told));
    // OpenRouter's own.
    draft.cost_usd = told.get("cost").number().or(draft.cost_usd);
}

/// Adds a message, or a part of one, to the choice that it is of.
fn add(choice: &Json<'_>, told: &Json<'_>, draft: &mut Draft<'_>) {
    let index = choice.get("index").count().unwrap_or(0);
    draft.role(index, told.get("role").words());
    match told.get("content") {
        Json::Str(text) => draft.say(index, text),
        // Mistral's parts, and those of others.
        parts => parts.items().iter().for_each(|part| add_part(index, part, draft)),
    }
    let reasoning = reasoning(told);
    if !reasoning.is_empty() {
        draft.think(index, &reasoning);
    }
    if let Some(refusal) = told.get("refusal").text() {
        draft.refuse(index, refusal);
    }
    for (place, call) in told.get("tool_calls").items().iter().enumerate() {
        let number = call.get("index").count().unwrap_or(place as u64);
        add_call(call.get("id"), call.get("function"), draft.call(index, number));
    }
    if told.get("function_call").is_object() {
        add_call(&Json::Null, told.get("function_call"), draft.call(index, 0));
    }
    let audio = told.get("audio");
    if audio.is_object() {
        draft.say(index, audio.get("transcript").words());
        if let Some(id) = audio.get("id").text() {
            draft.show(index, Part::Audio(Media { id: id.to_owned().into(), ..Media::default() }));
        }
    }
    draft.finish(index, choice.get("finish_reason").words());
}

fn add_call(id: &Json<'_>, function: &Json<'_>, call: &mut crate::draft::Call) {
    if call.id.is_empty() {
        id.words().clone_into(&mut call.id);
    }
    call.name.push_str(function.get("name").words());
    call.arguments.push_str(&crate::message::text_or_json(function.get("arguments")));
}

fn add_part(index: u64, part: &Json<'_>, draft: &mut Draft<'_>) {
    match part.get("type").words() {
        "thinking" => {
            let thinking = part.get("thinking");
            thinking.items().iter().for_each(|part| draft.think(index, part.get("text").words()));
            draft.think(index, thinking.words());
        }
        "text" => draft.say(index, part.get("text").words()),
        _ => {}
    }
}
