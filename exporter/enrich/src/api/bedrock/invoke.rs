//! Models by their own APIs, of which the shape tells which.
//! Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html>.
//!
//! Where tokens are not told in the body, they are in headers, which are not looked at.

use super::converse::{self, Converse};
use crate::{
    api::{Api, anthropic, cohere, openai},
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::{Media, Message, Part, text},
    usage::Usage,
};

/// `POST /model/<model>/invoke`, `…/invoke-with-response-stream`.
#[derive(Debug)]
pub(crate) struct Invoke;

impl Api for Invoke {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let told = &answer.value;
        let told = if self.is_event(told) { told.get("chunk") } else { told };
        asked(request).is_some() || answered(told).is_some()
    }

    fn path<'t>(&self, call: &'t Call<'t>, draft: &mut Draft<'t>) {
        super::path(call, draft);
    }

    fn request<'t>(&self, call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        let Some(own) = asked(request) else { return };
        match own.api() {
            Some(api) => api.request(call, request, draft),
            None => ask(&request.value, draft),
        }
        // The path decides, whatever the model's own API has in its body.
        super::path(call, draft);
        let embeds = draft.request_model.contains("embed");
        draft.operation = if embeds { "embeddings" } else { own.operation() };
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        tell(answer, draft, |api, draft| api.answer(answer, draft));
    }

    fn is_event(&self, answer: &Json<'_>) -> bool {
        answer.get("chunk").is_object() || answer.get("exception").is_object()
    }

    fn event(&self, name: &str, data: &Json<'_>, draft: &mut Draft<'_>) {
        let chunk = data.get("chunk");
        if !chunk.is_object() {
            // An exception.
            return Converse.event(name, data, draft);
        }
        tell(&Document::whole(chunk.clone()), draft, |api, draft| api.event("", chunk, draft));
        end(chunk.get(METRICS), draft);
    }

    fn behind(&self, rest: &Document<'_>, draft: &mut Draft<'_>) {
        anthropic::Messages.behind(rest, draft);
        Converse.behind(rest, draft);
        end(&rest.behind(METRICS).unwrap_or(Json::Null), draft);
    }
}

/// What the last chunk of a stream has beside what the model says.
const METRICS: &str = "amazon-bedrock-invocationMetrics";

fn end(metrics: &Json<'_>, draft: &mut Draft<'_>) {
    draft.has_ended |= metrics.is_object();
    // What the model itself tells of what went in has more kinds.
    let input = draft.usage.input.or(metrics.get("inputTokenCount").count());
    let output = metrics.get("outputTokenCount").count();
    draft.usage.learn(&Usage { input, output, ..Usage::default() });
}

/// A model's own API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Own {
    Anthropic,
    /// Nova's is like it.
    Converse,
    CohereChat,
    CohereEmbed,
    CohereRerank,
    /// Mistral's, and those of many others.
    OpenAi,
    /// A prompt that is gone on with: Llama, Mistral, Command, DeepSeek, Claude 2.
    Completion,
    Titan,
}

impl Own {
    /// Who reads it; `None`: it is read here.
    fn api(self) -> Option<&'static dyn Api> {
        match self {
            Self::Anthropic => Some(&anthropic::Messages),
            Self::Converse => Some(&Converse),
            Self::CohereChat => Some(&cohere::chat::Chat),
            Self::CohereEmbed => Some(&cohere::embed::Embed),
            Self::CohereRerank => Some(&cohere::rerank::Rerank),
            Self::OpenAi => Some(&openai::chat::Chat),
            Self::Completion | Self::Titan => None,
        }
    }

    fn operation(self) -> &'static str {
        match self {
            Self::Anthropic | Self::Converse | Self::CohereChat | Self::OpenAi => "chat",
            Self::CohereEmbed => "embeddings",
            Self::CohereRerank => "rerank",
            Self::Completion | Self::Titan => "text_completion",
        }
    }
}

/// What a request is of.
fn asked(request: &Document<'_>) -> Option<Own> {
    let value = &request.value;
    let has_text = |key| value.get(key).text().is_some();
    let has_list = |key| matches!(value.get(key), Json::Array(_));
    if value.get("messages").items().iter().any(|message| message.get("role").text().is_some()) {
        return Some(if request.get("anthropic_version").is_there() {
            Own::Anthropic
        } else if converse::asks(value) {
            Own::Converse
        } else {
            Own::OpenAi
        });
    }
    if has_text("inputText") || has_text("inputImage") {
        Some(Own::Titan)
    } else if has_text("query") && has_list("documents") {
        Some(Own::CohereRerank)
    } else if has_text("message") {
        Some(Own::CohereChat)
    } else if has_text("input_type") && ["texts", "images", "inputs"].into_iter().any(has_list) {
        Some(Own::CohereEmbed)
    } else {
        has_text("prompt").then_some(Own::Completion)
    }
}

/// What an answer is of, or a chunk of one.
fn answered(told: &Json<'_>) -> Option<Own> {
    let is_there = |key: &str| told.get(key).is_there();
    let is_list = |key: &str| matches!(told.get(key), Json::Array(_));
    let is_choice = |choice: &Json<'_>| !choice.get("text").is_there();
    let is_ranked = |result: &Json<'_>| result.get("relevance_score").number().is_some();
    if is_anthropic(told.get("type").words()) {
        Some(Own::Anthropic)
    } else if converse::answers(told) {
        Some(Own::Converse)
    } else if is_there("event_type") || is_there("generation_id") {
        Some(Own::CohereChat)
    } else if is_there("embeddings") {
        Some(Own::CohereEmbed)
    } else if is_there("inputTextTokenCount") || is_there("embedding") {
        Some(Own::Titan)
    } else if is_list("choices") && told.get("choices").items().iter().all(is_choice) {
        Some(Own::OpenAi)
    } else if told.get("results").items().iter().any(is_ranked) {
        Some(Own::CohereRerank)
    } else {
        let says = TEXTS.into_iter().chain(REASONS).any(|key| told.get(key).text().is_some());
        (says || LISTS.into_iter().any(is_list)).then_some(Own::Completion)
    }
}

fn is_anthropic(kind: &str) -> bool {
    ["message", "error"].contains(&kind) || kind.starts_with("message_") || kind.starts_with("content_block_")
}

// --- completions, and Titan

/// Members of a request that are no parameters.
const TOLD: [&str; 6] = ["prompt", "images", "inputText", "inputImage", "stream", "anthropic_version"];
/// Where completions are, if there may be several: Mistral's, DeepSeek's, Command's, Titan's.
const LISTS: [&str; 4] = ["outputs", "choices", "generations", "results"];
/// What a completion, or a part of one, says: Llama's, Titan's, Claude's, that of others.
const TEXTS: [&str; 4] = ["generation", "outputText", "completion", "text"];
/// Why it ends.
const REASONS: [&str; 3] = ["stop_reason", "completionReason", "finish_reason"];

fn ask<'t>(told: &Json<'t>, draft: &mut Draft<'t>) {
    let mut message = Message::new("user");
    for words in ["prompt", "inputText"].map(|key| told.get(key)) {
        message.content.extend(words.text().map(|_| Part::Text { text: text(words) }));
    }
    let image = told.get("inputImage");
    let image = image.text().map(|_| Media { data: text(image), ..Media::default() });
    message.content.extend(image.map(Part::Image));
    draft.input.push(message);
    draft.parameters(told, &TOLD);
    draft.parameters(told.get("textGenerationConfig"), &[]);
}

/// Reads an answer, or a chunk of one, or has whoever reads it do that.
fn tell(told: &Document<'_>, draft: &mut Draft<'_>, by: impl FnOnce(&dyn Api, &mut Draft<'_>)) {
    let Some(own) = answered(&told.value) else { return };
    let Some(api) = own.api() else { return complete(own, told, draft) };
    by(api, draft);
    for choice in told.value.get("choices").items() {
        // So Mistral's is called here.
        draft.finish(choice.get("index").count().unwrap_or(0), choice.get("stop_reason").words());
    }
}

fn complete(own: Own, told: &Document<'_>, draft: &mut Draft<'_>) {
    let count = |key| told.get(key).count();
    let usage = Usage {
        input: count("prompt_token_count").or(count("inputTextTokenCount")),
        output: count("generation_token_count").or(count("totalOutputTextTokenCount")),
        ..Usage::default()
    };
    if told.value.get("embedding").is_there() || told.value.get("embeddingsByType").is_there() {
        draft.operation = "embeddings";
        // Nothing comes out.
        return draft.usage.learn(&Usage { total: usage.input, ..usage });
    }
    draft.operation = own.operation();
    draft.usage.learn(&usage);
    draft.identify(told.value.get("id"), told.value.get("model"));
    let index = told.value.get("index").count().unwrap_or(0);
    add(index, &told.value, draft);
    for reason in REASONS {
        // Where the text was cut, it stands behind that.
        draft.finish(index, told.behind(reason).unwrap_or(Json::Null).words());
    }
    add_all(&told.value, draft);
}

fn add_all(told: &Json<'_>, draft: &mut Draft<'_>) {
    let mut output = None;
    for (place, told) in LISTS.into_iter().flat_map(|list| (0..).zip(told.get(list).items())) {
        add(told.get("index").count().unwrap_or(place), told, draft);
        let tokens = told.get("tokenCount").count();
        output = tokens.map(|tokens| tokens.saturating_add(output.unwrap_or(0))).or(output);
    }
    draft.usage.learn(&Usage { output, ..Usage::default() });
}

fn add(index: u64, told: &Json<'_>, draft: &mut Draft<'_>) {
    if let Some(text) = TEXTS.into_iter().find_map(|key| told.get(key).text()) {
        draft.say(index, text);
    }
    for reason in REASONS {
        draft.finish(index, told.get(reason).words());
    }
}
