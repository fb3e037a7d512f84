//! Models by their own APIs, of which the shape tells which.
//! Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html>.
//!
//! Where tokens are not told in the body, they are in headers, which are not looked at.

use crate::{
    api::{Api, anthropic, cohere, openai},
    call::Call,
    draft::Draft,
    json::{Ask as _, Document, Json},
    message::{Message, text},
    usage::Usage,
};

use super::converse::{self, Converse};

/// `POST /model/<model>/invoke`, `…/invoke-with-response-stream`.
#[derive(Debug)]
pub(crate) struct Invoke;

/// What the last chunk of a stream has beside what the model says.
const METRICS: &str = "amazon-bedrock-invocationMetrics";

impl Api for Invoke {
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool {
        let says = if self.is_event(&answer.value) { answer.value.get("chunk") } else { &answer.value };
        asked(request).is_some() || answered(says).is_some()
    }

    fn path<'t>(&self, call: &'t Call<'t>, draft: &mut Draft<'t>) {
        super::path(call, draft);
    }

    fn request<'t>(&self, call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>) {
        match asked(request) {
            Some(Own::Titan) => {
                let input = request.get("inputText");
                draft.input.push(Message::saying("user", text(&input)));
                draft.parameters(&request.value, &["inputText", "inputImage"]);
                draft.parameters(&request.get("textGenerationConfig"), &[]);
            }
            Some(Own::Completion) => {
                draft.input.push(Message::saying("user", text(&request.get("prompt"))));
                draft.parameters(&request.value, &["prompt", "images", "stream", "anthropic_version"]);
            }
            Some(own) => own.api().request(call, request, draft),
            None => {}
        }
        // The path decides, whatever the model's own API has in its body.
        super::path(call, draft);
        draft.operation = asked(request).map_or(draft.operation, Own::operation);
        if draft.request_model.contains("embed") {
            draft.operation = "embeddings";
        }
    }

    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>) {
        tell(answer, draft, |own, draft| own.answer(answer, draft));
    }

    fn is_event(&self, answer: &Json<'_>) -> bool {
        answer.get("chunk").is_object() || answer.get("exception").is_object()
    }

    fn event(&self, name: &str, data: &Json<'_>, draft: &mut Draft<'_>) {
        let chunk = data.get("chunk");
        if !chunk.is_object() {
            return Converse.event(name, data, draft);
        }
        tell(&Document::whole(chunk.clone()), draft, |own, draft| own.event("", chunk, draft));
        let metrics = chunk.get(METRICS);
        if metrics.is_object() {
            draft.has_ended = true;
            let told = Usage {
                input: metrics.get("inputTokenCount").count(),
                output: metrics.get("outputTokenCount").count(),
                ..Usage::default()
            };
            // What the model itself tells has more kinds.
            let input = draft.usage.input.or(told.input);
            draft.usage.learn(&Usage { input, ..told });
        }
    }
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
    /// Who reads it. The last two are read here.
    fn api(self) -> &'static dyn Api {
        match self {
            Self::Anthropic => &anthropic::Messages,
            Self::Converse => &Converse,
            Self::CohereChat => &cohere::chat::Chat,
            Self::CohereEmbed => &cohere::embed::Embed,
            Self::CohereRerank => &cohere::rerank::Rerank,
            Self::OpenAi => &openai::chat::Chat,
            Self::Completion | Self::Titan => &Invoke,
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
        return Some(Own::Titan);
    }
    let has_list = |key| matches!(value.get(key), Json::Array(_));
    if has_text("query") && has_list("documents") {
        return Some(Own::CohereRerank);
    }
    if has_text("message") {
        return Some(Own::CohereChat);
    }
    if has_text("input_type") && (has_list("texts") || has_list("images") || has_list("inputs")) {
        return Some(Own::CohereEmbed);
    }
    has_text("prompt").then_some(Own::Completion)
}

/// What an answer is of, or a chunk of one.
fn answered(told: &Json<'_>) -> Option<Own> {
    let is_list = |key| matches!(told.get(key), Json::Array(_));
    let kind = told.get("type").words();
    if kind == "message"
        || kind == "error"
        || kind.starts_with("message_")
        || kind.starts_with("content_block_")
    {
        Some(Own::Anthropic)
    } else if converse::answers(told) {
        Some(Own::Converse)
    } else if told.get("event_type").text().is_some() || told.get("generation_id").text().is_some() {
        Some(Own::CohereChat)
    } else if told.get("embeddings").is_there() {
        Some(Own::CohereEmbed)
    } else if told.get("inputTextTokenCount").is_there() || told.get("embedding").is_there() {
        Some(Own::Titan)
    } else if is_list("choices")
        && told.get("choices").items().iter().any(|choice| choice.get("text").text().is_none())
    {
        Some(Own::OpenAi)
    } else if is_list("results") {
        Some(Own::CohereRerank)
    } else {
        let says = TEXTS.into_iter().any(|key| told.get(key).text().is_some());
        (says || LISTS.into_iter().any(is_list)).then_some(Own::Completion)
    }
}

// --- completions, and Titan

/// Where completions are, if there may be several: Mistral's, DeepSeek's, Command's, Titan's.
const LISTS: [&str; 4] = ["outputs", "choices", "generations", "results"];
/// What a completion, or a part of one, says: Llama's, Titan's, Claude's, that of others.
const TEXTS: [&str; 4] = ["generation", "outputText", "completion", "text"];
/// Why it ends.
const REASONS: [&str; 3] = ["stop_reason", "completionReason", "finish_reason"];

/// Reads an answer, or a chunk of one, or has `by` do that.
fn tell(told: &Document<'_>, draft: &mut Draft<'_>, by: impl FnOnce(&dyn Api, &mut Draft<'_>)) {
    match answered(&told.value) {
        Some(own @ (Own::Completion | Own::Titan)) => complete(own, told, draft),
        Some(own) => {
            by(own.api(), draft);
            for choice in told.value.get("choices").items() {
                // So Mistral's is called here.
                draft.finish(choice.get("index").count().unwrap_or(0), choice.get("stop_reason").words());
            }
        }
        None => {}
    }
}

fn complete(own: Own, told: &Document<'_>, draft: &mut Draft<'_>) {
    let count = |key| told.get(key).count();
    let mut usage = Usage {
        input: count("prompt_token_count").or(count("inputTextTokenCount")),
        output: count("generation_token_count").or(count("totalOutputTextTokenCount")),
        ..Usage::default()
    };
    if told.value.get("embedding").is_there() || told.value.get("embeddingsByType").is_there() {
        draft.operation = "embeddings";
        usage.total = usage.input;
    } else {
        draft.operation = own.operation();
        draft.identify(told.value.get("id"), told.value.get("model"));
        let index = told.value.get("index").count().unwrap_or(0);
        add(index, &told.value, draft);
        for reason in REASONS {
            // Where the text was cut, it stands behind that.
            draft.finish(index, told.behind(reason).unwrap_or(Json::Null).words());
        }
        for each in LISTS.into_iter().flat_map(|list| (0..).zip(told.value.get(list).items())) {
            add(each.0, each.1, draft);
            let tokens = each.1.get("tokenCount").count();
            usage.output =
                tokens.map(|tokens| tokens.saturating_add(usage.output.unwrap_or(0))).or(usage.output);
        }
    }
    draft.usage.learn(&usage);
}

fn add(index: u64, told: &Json<'_>, draft: &mut Draft<'_>) {
    if let Some(text) = TEXTS.into_iter().find_map(|key| told.get(key).text()) {
        draft.say(index, text);
    }
    for reason in REASONS {
        draft.finish(index, told.get(reason).words());
    }
}
