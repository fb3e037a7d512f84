//! Chat completions, with what vLLM, OpenRouter, Azure, DeepSeek, Groq, Mistral, Perplexity and others add.
//! Sources: <https://platform.openai.com/docs/api-reference/chat>, <https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html>,
//! <https://openrouter.ai/docs/api-reference/overview>, <https://docs.mistral.ai/api>, <https://api-docs.deepseek.com>,
//! <https://console.groq.com/docs/api-reference>, <https://docs.x.ai/docs/api-reference>, <https://docs.perplexity.ai/api-reference>.

use super::{fail, learn, message, reasoning};
use crate::{
    api::Api,
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::{Media, Part, text_or_json},
};

/// `POST …/chat/completions`.
#[derive(Debug)]
pub(crate) struct Chat;

/// Members of a request that are no parameters.
const TOLD: [&str; 4] = ["messages", "tools", "functions", "metadata"];

impl Api for Chat {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let asks =
            request.value.get("messages").items().iter().any(|message| message.get("role").text().is_some());
        let object = answer.value.get("object").words();
        asks || object.starts_with("chat.completion")
            || answer.value.get("choices").items().iter().any(is_choice)
            // Azure's first chunk has no choice, and is of no kind.
            || answer.value.get("prompt_filter_results").items().iter().any(Json::is_object)
    }

    fn path<'t>(&self, call: &'t Call<'t>, draft: &mut Draft<'t>) {
        super::path(call, draft);
    }

    fn request<'t>(&self, _call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        super::ask(request, &TOLD, draft);
        draft.input = request.value.get("messages").items().iter().map(message).collect();
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
        fail(&answer.value, draft);
    }

    fn event(&self, _name: &str, data: &Json<'_>, draft: &mut Draft<'_>) {
        draft.identify(data.get("id"), data.get("model"));
        for choice in data.get("choices").items() {
            add(choice, choice.get("delta"), draft);
        }
        // Groq's has a place of its own.
        for usage in [data.get("usage"), data.get("x_groq").get("usage")] {
            learn(usage, draft);
        }
        fail(data, draft);
    }

    fn word(&self, word: &str, draft: &mut Draft<'_>) -> bool {
        super::is_done(word, draft)
    }
}

fn is_choice(choice: &Json<'_>) -> bool {
    choice.get("message").is_object() || choice.get("delta").is_object()
}

/// Adds a message, or a part of one, to the choice that it is of.
pub(super) fn add(choice: &Json<'_>, told: &Json<'_>, draft: &mut Draft<'_>) {
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
    add_calls(index, told, draft);
    let audio = told.get("audio");
    if audio.is_object() {
        draft.say(index, audio.get("transcript").words());
        if let Some(id) = audio.get("id").text() {
            draft.show(index, Part::Audio(Media { id: id.to_owned().into(), ..Media::default() }));
        }
    }
    // OpenRouter's.
    for image in told.get("images").items() {
        draft.show(index, super::made(image.get("image_url").get("url").words()));
    }
    draft.finish(index, choice.get("finish_reason").words());
    // Moonshot's usage, and OpenRouter's errors, may be in the choice.
    learn(choice.get("usage"), draft);
    fail(choice, draft);
}

fn add_calls(index: u64, told: &Json<'_>, draft: &mut Draft<'_>) {
    for (place, call) in told.get("tool_calls").items().iter().enumerate() {
        let (id, function) = (call.get("id"), call.get("function"));
        let number = call.get("index").count().unwrap_or(place as u64);
        let known = draft.call(index, number);
        // Some send each call in one piece, and none with a number of its own.
        let is_other = !known.id.is_empty()
            && id.text().is_some_and(|id| !id.is_empty() && id != known.id)
            && !function.get("name").words().is_empty();
        let number = if is_other { draft.calls(index) } else { number };
        add_call(id, function, draft.call(index, number));
    }
    if told.get("function_call").is_object() {
        add_call(&Json::Null, told.get("function_call"), draft.call(index, 0));
    }
}

fn add_call(id: &Json<'_>, function: &Json<'_>, call: &mut crate::draft::Call) {
    if call.id.is_empty() {
        id.words().clone_into(&mut call.id);
    }
    // It comes once, or whole again and again.
    let name = function.get("name").words();
    if call.name != name {
        call.name.push_str(name);
    }
    call.arguments.push_str(&text_or_json(function.get("arguments")));
}

fn add_part(index: u64, part: &Json<'_>, draft: &mut Draft<'_>) {
    match part.get("type").words() {
        "thinking" => draft.think(index, &super::thinking(part)),
        "text" => draft.say(index, part.get("text").words()),
        "refusal" => draft.refuse(index, part.get("refusal").words()),
        "image_url" => {
            let image = part.get("image_url");
            draft.show(index, super::made(image.text().unwrap_or(image.get("url").words())));
        }
        _ => {} // Where it is from, and the like.
    }
}
