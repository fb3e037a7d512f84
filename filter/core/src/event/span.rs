//! What the app itself tells of a request: spans, what a model did in them, and scores.
//!
//! ```text
//! Span       = an observation: what it was, what went in and what came out
//! OtelSpan   = the same as an OpenTelemetry SDK has it, whole
//! Generation = what a model did in a span, or in an exchange with one
//! Score      = a judgement of a trace, of a span (the event's parent), or of a session
//! ```
//!
//! Names and meanings are those of Langfuse's data model (<https://langfuse.com/docs/observability/data-model>) and of
//! OpenTelemetry's conventions for generative AI (<https://github.com/open-telemetry/semantic-conventions-genai>).

use super::{Body, Error};

/// What a span is of; any other is a `span`.
pub const SPAN_TYPES: [&str; 10] = [
    "span",
    "generation",
    "event",
    "embedding",
    "agent",
    "tool",
    "chain",
    "retriever",
    "guardrail",
    "evaluator",
];

/// Something that the app did.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Span {
    /// One of [`SPAN_TYPES`].
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// What the app calls it.
    #[prost(string, tag = "2")]
    pub name: String,
    /// What went in: JSON, or text.
    #[prost(message, optional, tag = "3")]
    pub input: Option<Body>,
    /// What came out: JSON, or text.
    #[prost(message, optional, tag = "4")]
    pub output: Option<Body>,
    /// How grave it is.
    #[prost(enumeration = "Level", tag = "5")]
    pub level: i32,
    /// Why it is so.
    #[prost(string, tag = "6")]
    pub status_message: String,
    /// More that is known of it: an object of JSON.
    #[prost(message, optional, tag = "7")]
    pub metadata: Option<Body>,
    /// The version of what was done, as the app counts it.
    #[prost(string, tag = "8")]
    pub version: String,
    /// What a model did in it.
    #[prost(message, optional, tag = "9")]
    pub generation: Option<Generation>,
    /// What the app calls the trace.
    #[prost(string, tag = "10")]
    pub trace_name: String,
    /// Whether it is the first of its trace in this app, although it has a parent elsewhere.
    #[prost(bool, tag = "11")]
    pub is_app_root: bool,
    /// What was raised in it.
    #[prost(message, optional, tag = "12")]
    pub error: Option<Error>,
    /// How it came to its end.
    #[prost(enumeration = "Ending", tag = "13")]
    pub ending: i32,
    /// What is known of the whole trace: an object of JSON.
    #[prost(message, optional, tag = "14")]
    pub trace_metadata: Option<Body>,
    /// Whether the app would have everyone see the trace who has a link to it.
    #[prost(bool, tag = "15")]
    pub is_public: bool,
    /// The span as an OpenTelemetry SDK has it. Then the producer fills in the name, and the exporter what the attributes say.
    #[prost(message, optional, tag = "16")]
    pub otel: Option<OtelSpan>,
}

/// A span of an OpenTelemetry SDK, as OTLP has it: messages of `opentelemetry.proto`, encoded
/// (<https://github.com/open-telemetry/opentelemetry-proto>). Bytes, because the core knows nothing of OTLP.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct OtelSpan {
    /// A `Resource`.
    #[prost(bytes = "vec", tag = "1")]
    pub resource: Vec<u8>,
    /// An `InstrumentationScope`.
    #[prost(bytes = "vec", tag = "2")]
    pub scope: Vec<u8>,
    /// A `Span`.
    #[prost(bytes = "vec", tag = "3")]
    pub span: Vec<u8>,
    /// The attribute that the exporter has taken out of `span` and put into [`Span::input`]; empty: none.
    #[prost(string, tag = "4")]
    pub input_key: String,
    /// Likewise, into [`Span::output`].
    #[prost(string, tag = "5")]
    pub output_key: String,
    /// The schema of the resource.
    #[prost(string, tag = "6")]
    pub resource_schema_url: String,
    /// The schema of the scope.
    #[prost(string, tag = "7")]
    pub scope_schema_url: String,
}

/// What a model did.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Generation {
    /// Whose API it is, such as `openai`; `gen_ai.provider.name`.
    #[prost(string, tag = "1")]
    pub system: String,
    /// `chat`, `text_completion`, `embeddings`, …; `gen_ai.operation.name`.
    #[prost(string, tag = "2")]
    pub operation: String,
    /// The model that was asked for.
    #[prost(string, tag = "3")]
    pub request_model: String,
    /// The model that answered.
    #[prost(string, tag = "4")]
    pub response_model: String,
    /// The answer's id, as its API has it.
    #[prost(string, tag = "5")]
    pub response_id: String,
    /// Whether the answer came in parts.
    #[prost(bool, tag = "6")]
    pub stream: bool,
    /// Temperature and the like: an object of JSON.
    #[prost(string, tag = "7")]
    pub parameters: String,
    /// Messages that the model got: an array of JSON. Of a span they are its input instead.
    #[prost(string, tag = "8")]
    pub input: String,
    /// Messages that it answered: an array of JSON. Of a span they are its output instead.
    #[prost(string, tag = "9")]
    pub output: String,
    /// Tokens by kind: `input`, `output`, `total`, `input_cached_tokens`, `output_reasoning_tokens`, …
    #[prost(message, repeated, tag = "10")]
    pub usage: Vec<Tokens>,
    /// US dollars by kind, with the same names; `total` is all of it.
    #[prost(message, repeated, tag = "11")]
    pub cost: Vec<Cost>,
    /// Nanoseconds from start to the first token.
    #[prost(uint64, optional, tag = "12")]
    pub first_token_ns: Option<u64>,
    /// Why each choice ended: `stop`, `length`, `tool_calls`, …
    #[prost(string, repeated, tag = "13")]
    pub finish_reasons: Vec<String>,
    /// Whether the answer broke off, or a part of it was not kept.
    #[prost(bool, tag = "14")]
    pub partial: bool,
    /// The managed prompt that was used.
    #[prost(string, tag = "15")]
    pub prompt_name: String,
    /// Its version.
    #[prost(uint32, tag = "16")]
    pub prompt_version: u32,
    /// What kind of error the provider answered with: `rate_limit`, `context_length`, …; empty if it was none.
    #[prost(string, tag = "17")]
    pub error_kind: String,
    /// Whether the usage was estimated, because nobody told it.
    #[prost(bool, tag = "18")]
    pub estimated: bool,
}

/// Tokens of one kind.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Tokens {
    /// Which kind.
    #[prost(string, tag = "1")]
    pub kind: String,
    /// How many.
    #[prost(uint64, tag = "2")]
    pub count: u64,
}

/// What tokens of one kind cost.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Cost {
    /// Which kind.
    #[prost(string, tag = "1")]
    pub kind: String,
    /// US dollars.
    #[prost(double, tag = "2")]
    pub usd: f64,
}

/// A judgement. It is of the event's trace; of the span that is the event's parent, if it has one; or, without a trace,
/// of the event's session.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Score {
    /// What is judged.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The value of a `NUMERIC` score; of a `BOOLEAN` one, 0 or 1.
    #[prost(double, optional, tag = "2")]
    pub value: Option<f64>,
    /// The value of a `CATEGORICAL` or `TEXT` score.
    #[prost(string, tag = "3")]
    pub text: String,
    /// `NUMERIC`, `CATEGORICAL`, `BOOLEAN` or `TEXT`.
    #[prost(string, tag = "4")]
    pub data_type: String,
    /// Why.
    #[prost(string, tag = "5")]
    pub comment: String,
    /// More that is known of it: an object of JSON.
    #[prost(message, optional, tag = "6")]
    pub metadata: Option<Body>,
    /// The score's configuration in Langfuse.
    #[prost(string, tag = "7")]
    pub config_id: String,
    /// The app's own id of it; empty: the event's.
    #[prost(string, tag = "8")]
    pub score_id: String,
}

/// How grave a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Level {
    /// As usual.
    Default = 0,
    /// Of interest to developers only.
    Debug = 1,
    /// Something is not as it should be.
    Warning = 2,
    /// It failed.
    Error = 3,
}

/// How a span came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Ending {
    /// The app ended it.
    Ended = 0,
    /// The app forgot it: nothing held it any more.
    Abandoned = 1,
    /// The process came to its end before it.
    Exit = 2,
}

impl Ending {
    /// Its name in the event's JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Abandoned => "abandoned",
            Self::Exit => "exit",
        }
    }
}

impl Level {
    /// Its name in Langfuse and in the event's JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "DEFAULT",
            Self::Debug => "DEBUG",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}

impl Span {
    /// What it is of: one of [`SPAN_TYPES`].
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        SPAN_TYPES.into_iter().find(|name| *name == self.r#type).unwrap_or("span")
    }
}

impl Generation {
    /// The model that answered; if it does not say, the one that was asked for.
    #[must_use]
    pub fn model(&self) -> &str {
        if self.response_model.is_empty() { &self.request_model } else { &self.response_model }
    }

    /// Tokens of a kind, if they are known.
    #[must_use]
    pub fn tokens(&self, kind: &str) -> Option<u64> {
        self.usage.iter().find(|tokens| tokens.kind == kind).map(|tokens| tokens.count)
    }

    /// US dollars for all of it, if they are known.
    #[must_use]
    pub fn cost_usd(&self) -> Option<f64> {
        let total = self.cost.iter().find(|cost| cost.kind == "total").map(|cost| cost.usd);
        total.or_else(|| (!self.cost.is_empty()).then(|| self.cost.iter().map(|cost| cost.usd).sum()))
    }
}
