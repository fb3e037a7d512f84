//! What the exporter has to do with an event before it may touch a disk: redact, cut, look up who it is of.
//!
//! It travels in the event, so the rules that an exchange was recorded under hold for its bodies too, whichever exporter
//! takes it and whatever its configuration file says by then. The layout is that of a Protocol Buffers message, as with
//! [`crate::event`]; `filter/core/proto/event.proto` has it for other languages.

use crate::mask::MaskKind;

/// Names of the patterns that `redact.patterns` may list.
///
/// | name | what it finds |
/// | --- | --- |
/// | `email` | addresses of e-mail |
/// | `phone` | telephone numbers: with `+` and the country's code (E.164), or written in groups as in North America |
/// | `card` | numbers of payment cards: 12 to 19 digits, with blanks or hyphens or without, with a right check digit |
/// | `iban` | international bank account numbers with right check digits (ISO 13616) |
/// | `ipv4`, `ipv6` | addresses of the internet |
/// | `bearer` | what follows `Bearer` and `Basic` (RFC 6750, RFC 7617) |
/// | `provider_key` | keys that providers give out, known by their beginnings, such as `sk-`, `AKIA` and `ghp_` |
/// | `jwt` | JSON web tokens (RFC 7519) |
pub const PATTERNS: &[&str] =
    &["email", "phone", "card", "iban", "ipv4", "ipv6", "bearer", "provider_key", "jwt"];

/// Those that hold where `redact.patterns` says nothing: credentials, which no trace is made for.
pub const DEFAULT_PATTERNS: &[&str] = &["bearer", "provider_key", "jwt"];

/// Keys of JSON, and of forms, whose values are never kept, whatever the configuration says. In lower case and without
/// `_` and `-`, as [`normalised`] makes them.
pub const SECRET_KEYS: &[&str] = &[
    "accesskey",
    "accesstoken",
    "apikey",
    "authorization",
    "authtoken",
    "clientsecret",
    "cookie",
    "credential",
    "credentials",
    "idtoken",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "refreshtoken",
    "secret",
    "secretaccesskey",
    "secretkey",
    "sessiontoken",
    "setcookie",
    "xapikey",
];

/// Formats of LLM APIs that `llm` may name; docs/llm.md says what each of them is.
pub const LLM_FORMATS: &[&str] = &[
    "openai.chat",
    "openai.responses",
    "openai.completions",
    "openai.embeddings",
    "openai.moderations",
    "openai.images",
    "openai.audio",
    "anthropic.messages",
    "gemini.generate",
    "gemini.embed",
    "bedrock.converse",
    "bedrock.invoke",
    "cohere.chat",
    "cohere.embed",
    "cohere.rerank",
    "ollama.chat",
    "ollama.generate",
    "ollama.embed",
];

/// What `llm` says where an exchange is to stay plain HTTP, whatever it looks like.
pub const LLM_OFF: &str = "off";

/// A key as it is compared: without case, `_` and `-`, so that `api_key`, `apiKey` and `API-Key` are one.
#[must_use]
pub fn normalised(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// What is to be done with the texts and bodies of an event.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Treatment {
    /// Keys of JSON whose values are masked, beside [`SECRET_KEYS`]; [`normalised`].
    #[prost(string, repeated, tag = "1")]
    pub json_keys: Vec<String>,
    /// Parameters whose values are masked in bodies that are forms, beside the built-in ones of queries.
    #[prost(string, repeated, tag = "2")]
    pub parameters: Vec<String>,
    /// Which of [`PATTERNS`] are looked for. One that is unknown is a newer producer's.
    #[prost(string, repeated, tag = "3")]
    pub patterns: Vec<String>,
    /// Regular expressions that are looked for.
    #[prost(message, repeated, tag = "4")]
    pub expressions: Vec<Expression>,
    /// What stands in the place of what was found.
    #[prost(enumeration = "MaskKind", tag = "5")]
    pub mask: i32,
    /// Key of [`MaskKind::Hash`].
    #[prost(bytes = "vec", tag = "6")]
    pub hash_key: Vec<u8>,
    /// Whether, in the last bytes of JSON that was cut, values are masked whose path is not known.
    #[prost(bool, tag = "7")]
    pub mask_unknown: bool,
    /// Longest string that is kept of JSON, in characters.
    #[prost(uint32, optional, tag = "8")]
    pub max_string: Option<u32>,
    /// Most items that are kept of an array or an object.
    #[prost(uint32, optional, tag = "9")]
    pub max_items: Option<u32>,
    /// Deepest level of JSON that is kept; the outermost value is on level 0.
    #[prost(uint32, optional, tag = "10")]
    pub max_depth: Option<u32>,
    /// Whether binary bodies, and images and audio in JSON, are kept instead of being summed up.
    #[prost(bool, tag = "11")]
    pub keep_media: bool,
    /// Fields of a JSON request that say whose the event is.
    #[prost(message, repeated, tag = "12")]
    pub identity: Vec<JsonField>,
    /// [`VERSION`] of who wrote it: never 0, so that a treatment which asks for nothing is not taken for none.
    #[prost(uint32, tag = "13")]
    pub version: u32,
    /// As what its bodies are read: one of [`LLM_FORMATS`], or [`LLM_OFF`]; empty: as what they look like.
    #[prost(string, tag = "14")]
    pub llm: String,
}

/// The version of the layout that this build writes.
pub const VERSION: u32 = 1;

/// A regular expression in the syntax of the `regex` crate, without Unicode classes.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Expression {
    /// What the user calls it.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The expression.
    #[prost(string, tag = "2")]
    pub expression: String,
}

/// Where a JSON request says whose the event is.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct JsonField {
    /// What it says.
    #[prost(enumeration = "Identity", tag = "1")]
    pub identity: i32,
    /// Keys from the outermost object on; a number names an item of an array.
    #[prost(string, repeated, tag = "2")]
    pub path: Vec<String>,
}

/// What a header or a field says of whose an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Identity {
    /// `user_id`.
    User = 0,
    /// `session_id`.
    Session = 1,
    /// One of `tags`.
    Tag = 2,
    /// `environment`, in the place of the service's.
    Environment = 3,
    /// `release`, in the place of the service's.
    Release = 4,
}

impl Treatment {
    /// What is done where a producer says nothing, as those before there were treatments.
    #[must_use]
    pub fn standard() -> Self {
        let patterns = DEFAULT_PATTERNS.iter().map(|name| (*name).to_owned()).collect();
        Self { patterns, version: VERSION, ..Self::default() }
    }

    /// Reads a treatment.
    ///
    /// # Errors
    ///
    /// The bytes are no message of this layout.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, prost::DecodeError> {
        prost::Message::decode(bytes)
    }

    /// The treatment as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        prost::Message::encode_to_vec(self)
    }
}

/// Longest value of each kind, in bytes. 200 is what Langfuse takes for users, sessions and tags
/// (<https://langfuse.com/docs/observability/features/sessions>); its environments have 40.
const MAX_VALUE: usize = 200;
const MAX_ENVIRONMENT: usize = 40;
/// An event has this many tags.
pub const MAX_TAGS: usize = 16;

impl Identity {
    /// Its bit in [`crate::event::Event::told`].
    #[must_use]
    pub fn bit(self) -> u32 {
        match self {
            Self::User => 1,
            Self::Session => 1 << 1,
            Self::Tag => 1 << 2,
            Self::Environment => 1 << 3,
            Self::Release => 1 << 4,
        }
    }

    /// The value as it may stand in an event; `None` if it may not: it is empty, too long, or of other characters.
    #[must_use]
    pub fn accepted(self, value: &str) -> Option<&str> {
        let value = value.trim();
        let allowed = match self {
            Self::Environment => is_environment(value),
            _ => value.len() <= MAX_VALUE && !value.chars().any(char::is_control),
        };
        (allowed && !value.is_empty()).then_some(value)
    }
}

/// Whether Langfuse takes it for an environment: at most 40 of `a-z 0-9 _ -`, not beginning with `langfuse`.
#[must_use]
pub fn is_environment(text: &str) -> bool {
    let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '-');
    (1..=MAX_ENVIRONMENT).contains(&text.len()) && text.chars().all(allowed) && !text.starts_with("langfuse")
}
