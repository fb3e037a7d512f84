//! The APIs of models, one file a family, and what reading them has in common.
//!
//! A family's file names the public reference that it goes by. To add one: a file here, a [`Format`], and where its paths
//! are told in `recognise`.

pub(crate) mod anthropic;
mod bedrock;
mod cohere;
mod failure;
mod gemini;
mod ollama;
pub(crate) mod openai;

use crate::{
    call::{Call, Ending, Text},
    draft::{Draft, Reading},
    json::{self, Ask as _, Document, Json},
    recognise,
    stream::{self, Part, Shape},
};

/// One API, as far as it is read.
pub(crate) trait Api {
    /// Whether a request and an answer, or the first event of one, are of this API, going by their shape. Either may be
    /// missing, or cut.
    fn speaks(&self, request: &Document<'_>, answer: &Document<'_>) -> bool;

    /// What host and path tell of what is asked for, whether or not the request is JSON.
    fn path<'t>(&self, _call: &'t Call<'t>, _draft: &mut Draft<'t>) {}

    /// What is asked for.
    fn request<'t>(&self, call: &'t Call<'t>, request: &Document<'t>, draft: &mut Draft<'t>);

    /// An answer in one piece, or the item that breaks off of one that comes as an array.
    fn answer(&self, answer: &Document<'_>, draft: &mut Draft<'_>);

    /// An event of an answer that comes as a stream; its name is empty where events have none.
    fn event(&self, name: &str, data: &Json<'_>, draft: &mut Draft<'_>);

    /// Whether an answer in one piece is an event, the only one of its stream that has come.
    fn is_event(&self, _answer: &Json<'_>) -> bool {
        false
    }

    /// An event that is no JSON. Returns whether it is known.
    fn word(&self, _word: &str, _draft: &mut Draft<'_>) -> bool {
        false
    }

    /// What stands behind the gap of the event that the gap of a stream ends within.
    fn behind(&self, _answer: &Document<'_>, _draft: &mut Draft<'_>) {}

    /// Whether answers are JSON in any case. Else they may be a sound, or a text as such.
    fn answers_json(&self) -> bool {
        true
    }
}

/// Which API it is: what `llm` in a rule names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `POST …/chat/completions`, and who speaks like it.
    OpenAiChat,
    /// `POST …/responses`.
    OpenAiResponses,
    /// `POST …/completions`, and Mistral's `…/fim/completions`.
    OpenAiCompletions,
    /// `POST …/embeddings`.
    OpenAiEmbeddings,
    /// `POST …/moderations`.
    OpenAiModerations,
    /// `POST …/images/generations`, `…/edits`, `…/variations`.
    OpenAiImages,
    /// `POST …/audio/speech`, `…/transcriptions`, `…/translations`.
    OpenAiAudio,
    /// `POST …/messages`.
    AnthropicMessages,
    /// `POST …/models/<model>:generateContent`, `:streamGenerateContent`.
    GeminiGenerate,
    /// `POST …/models/<model>:embedContent`, `:batchEmbedContents`.
    GeminiEmbed,
    /// `POST /model/<model>/converse`, `…/converse-stream`.
    BedrockConverse,
    /// `POST /model/<model>/invoke`, `…/invoke-with-response-stream`.
    BedrockInvoke,
    /// `POST /v2/chat`, `/v1/chat`.
    CohereChat,
    /// `POST /v2/embed`, `/v1/embed`.
    CohereEmbed,
    /// `POST /v2/rerank`, `/v1/rerank`.
    CohereRerank,
    /// `POST /api/chat`.
    OllamaChat,
    /// `POST /api/generate`.
    OllamaGenerate,
    /// `POST /api/embed`, `/api/embeddings`.
    OllamaEmbed,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::OpenAiChat,
        Self::OpenAiResponses,
        Self::OpenAiCompletions,
        Self::OpenAiEmbeddings,
        Self::OpenAiModerations,
        Self::OpenAiImages,
        Self::OpenAiAudio,
        Self::AnthropicMessages,
        Self::GeminiGenerate,
        Self::GeminiEmbed,
        Self::BedrockConverse,
        Self::BedrockInvoke,
        Self::CohereChat,
        Self::CohereEmbed,
        Self::CohereRerank,
        Self::OllamaChat,
        Self::OllamaGenerate,
        Self::OllamaEmbed,
    ];

    /// What configuration calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai.chat",
            Self::OpenAiResponses => "openai.responses",
            Self::OpenAiCompletions => "openai.completions",
            Self::OpenAiEmbeddings => "openai.embeddings",
            Self::OpenAiModerations => "openai.moderations",
            Self::OpenAiImages => "openai.images",
            Self::OpenAiAudio => "openai.audio",
            Self::AnthropicMessages => "anthropic.messages",
            Self::GeminiGenerate => "gemini.generate",
            Self::GeminiEmbed => "gemini.embed",
            Self::BedrockConverse => "bedrock.converse",
            Self::BedrockInvoke => "bedrock.invoke",
            Self::CohereChat => "cohere.chat",
            Self::CohereEmbed => "cohere.embed",
            Self::CohereRerank => "cohere.rerank",
            Self::OllamaChat => "ollama.chat",
            Self::OllamaGenerate => "ollama.generate",
            Self::OllamaEmbed => "ollama.embed",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// What is asked for, as `gen_ai.operation.name` says it, unless the API's file knows better.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Self::OpenAiChat
            | Self::OpenAiResponses
            | Self::AnthropicMessages
            | Self::BedrockConverse
            | Self::BedrockInvoke
            | Self::CohereChat
            | Self::OllamaChat => "chat",
            Self::OpenAiCompletions | Self::OllamaGenerate => "text_completion",
            Self::OpenAiEmbeddings | Self::GeminiEmbed | Self::CohereEmbed | Self::OllamaEmbed => {
                "embeddings"
            }
            Self::OpenAiModerations => "moderation",
            Self::OpenAiImages => "image_generation",
            Self::OpenAiAudio => "transcription",
            Self::GeminiGenerate => "generate_content",
            Self::CohereRerank => "rerank",
        }
    }

    /// Whose it is where the host does not say.
    pub(crate) fn system(self) -> &'static str {
        match self {
            Self::OpenAiChat
            | Self::OpenAiResponses
            | Self::OpenAiCompletions
            | Self::OpenAiEmbeddings
            | Self::OpenAiModerations
            | Self::OpenAiImages
            | Self::OpenAiAudio => "openai",
            Self::AnthropicMessages => "anthropic",
            Self::GeminiGenerate | Self::GeminiEmbed => "gcp.gemini",
            Self::BedrockConverse | Self::BedrockInvoke => "aws.bedrock",
            Self::CohereChat | Self::CohereEmbed | Self::CohereRerank => "cohere",
            Self::OllamaChat | Self::OllamaGenerate | Self::OllamaEmbed => "ollama",
        }
    }

    pub(crate) fn api(self) -> &'static dyn Api {
        match self {
            Self::OpenAiChat => &openai::chat::Chat,
            Self::OpenAiResponses => &openai::responses::Responses,
            Self::OpenAiCompletions => &openai::completions::Completions,
            Self::OpenAiEmbeddings => &openai::embeddings::Embeddings,
            Self::OpenAiModerations => &openai::moderations::Moderations,
            Self::OpenAiImages => &openai::images::Images,
            Self::OpenAiAudio => &openai::audio::Audio,
            Self::AnthropicMessages => &anthropic::Messages,
            Self::GeminiGenerate => &gemini::generate::Generate,
            Self::GeminiEmbed => &gemini::embed::Embed,
            Self::BedrockConverse => &bedrock::converse::Converse,
            Self::BedrockInvoke => &bedrock::invoke::Invoke,
            Self::CohereChat => &cohere::chat::Chat,
            Self::CohereEmbed => &cohere::embed::Embed,
            Self::CohereRerank => &cohere::rerank::Rerank,
            Self::OllamaChat => &ollama::chat::Chat,
            Self::OllamaGenerate => &ollama::generate::Generate,
            Self::OllamaEmbed => &ollama::embed::Embed,
        }
    }
}

/// A call of which request and answer are parsed, the answer up to its first event.
#[derive(Debug)]
pub(crate) struct Opened<'t> {
    pub(crate) call: &'t Call<'t>,
    pub(crate) request: Document<'t>,
    /// The answer, or the first event of it.
    pub(crate) answer: Document<'t>,
    shape: Shape,
}

impl<'t> Opened<'t> {
    pub(crate) fn new(call: &'t Call<'t>) -> Self {
        let shape = Shape::of(&call.response);
        let answer = match shape {
            Shape::Events => first(stream::Events::of(&call.response.head)),
            Shape::Lines => first(stream::lines(&call.response.head)),
            Shape::Empty | Shape::Document | Shape::Array => Document::read(&call.response),
        };
        Self { call, request: Document::read(&call.request), answer, shape }
    }

    /// Whether something was answered, and neither that nor what was asked is JSON: it has no shape to be known by.
    pub(crate) fn has_no_json(&self) -> bool {
        let is_answered = self.shape != Shape::Empty || self.call.response.has_gap;
        is_answered && !self.request.value.is_object() && !self.answer.value.is_object()
    }

    /// Reads it as what it is.
    pub(crate) fn read(mut self, format: Format) -> Reading {
        let api = format.api();
        if self.shape == Shape::Document && api.is_event(&self.answer.value) {
            self.shape = Shape::Lines;
        }
        let system = recognise::system(self.call.host).unwrap_or(format.system());
        let mut draft = Draft::new(system, format.operation());
        api.path(self.call, &mut draft);
        if self.request.value != Json::Null {
            api.request(self.call, &self.request, &mut draft);
        }
        let first_token_line = self.read_answer(api, &mut draft);
        let (failure, has_ended) = (draft.failure.take(), draft.has_ended);
        Reading { generation: draft.read(), failure, has_ended, first_token_line }
    }

    fn read_answer(&self, api: &dyn Api, draft: &mut Draft<'_>) -> Option<u64> {
        let is_stream = matches!(self.shape, Shape::Events | Shape::Lines);
        if self.call.status >= 400 && !is_stream {
            draft.fail(failure::of(&self.answer, self.call.status));
            return None;
        }
        let response = &self.call.response;
        if !api.answers_json() && !is_stream && !self.answer.value.is_object() {
            draft.has_ended = self.call.ending == Ending::Whole;
            draft.partial |= response.has_gap || !draft.has_ended;
            return None;
        }
        let mut parts = Parts { api, draft, first_token_line: None, is_sound: true };
        match self.shape {
            Shape::Empty => {}
            Shape::Document => {
                parts.draft.has_ended = self.answer.is_whole && self.call.ending == Ending::Whole;
                api.answer(&self.answer, parts.draft);
            }
            Shape::Array => {
                parts.draft.stream = true;
                let (items, cut) = self.answer.items();
                items.iter().for_each(|item| api.event("", item, parts.draft));
                if let Some(cut) = cut {
                    api.answer(&cut, parts.draft);
                }
            }
            Shape::Events => parts.take(response, stream::Events::of),
            Shape::Lines => parts.take(response, stream::lines),
        }
        let Parts { first_token_line, is_sound, .. } = parts;
        let is_over = draft.has_ended || draft.has_finished();
        draft.partial |= response.has_gap || !is_sound || !is_over && self.shape != Shape::Document;
        draft.partial |= self.shape == Shape::Document && !self.answer.is_whole;
        // A stream that says what went wrong ends there.
        draft.partial |= is_stream && draft.failure.is_some();
        first_token_line
    }
}

/// The first document of a stream.
fn first<'t>(mut parts: impl Iterator<Item = Part<'t>>) -> Document<'t> {
    let value = parts.find_map(|part| json::owned(&part.data));
    Document::whole(value.unwrap_or(Json::Null))
}

/// The parts of a stream on their way into a draft.
struct Parts<'p, 't> {
    api: &'p dyn Api,
    draft: &'p mut Draft<'t>,
    first_token_line: Option<u64>,
    /// Whether all that was to be JSON is.
    is_sound: bool,
}

impl Parts<'_, '_> {
    fn take<'r, P: Iterator<Item = Part<'r>>>(
        &mut self,
        response: &'r Text<'_>,
        split: impl Fn(&'r str) -> P,
    ) {
        self.draft.stream = true;
        for part in split(&response.head) {
            self.part(&part);
            if self.first_token_line.is_none() && self.draft.has_output() {
                self.first_token_line = Some(part.line);
            }
        }
        self.api.behind(&Document::rest(stream::broken(&response.tail)), self.draft);
        // Where the gap ends, lines are not counted.
        for part in split(&response.tail) {
            self.part(&part);
        }
    }

    fn part(&mut self, part: &Part<'_>) {
        if let Some(data) = json::whole(&part.data) {
            self.api.event(part.name, &data, self.draft);
        } else if !self.api.word(part.data.trim(), self.draft) {
            // It is cut, or damaged.
            self.is_sound &= !part.data.starts_with(['{', '[']);
        }
    }
}
