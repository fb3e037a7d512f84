//! What is done to an event before it may touch a disk: secrets masked, bodies cut, users and sessions read.
//!
//! ```text
//! event ─> treatments: what its treatment comes to, compiled once ─> a Redactor
//!       ─> event:      each text that leaves ──────────────┐
//!       └> body:       each body, decoded by content,      ├─> finder: where the secrets are
//!                      as JSON, SSE, a form, text or media ┘
//! ```

mod body;
mod chunks;
mod content;
mod edits;
mod event;
mod finder;
mod form;
mod json;
mod media;
mod piece;
mod sse;
mod text;
mod treatments;

use offpath_core::{event::Event, mask::Mask, query::SecretParameters, treatment::JsonField};

use self::{
    finder::Finder,
    treatments::{Compiled, Keys},
};

/// Does with events what their treatments say.
#[derive(Debug, Default)]
pub struct Treatments {
    compiled: Compiled,
    /// Whether it was told that one has failed.
    told: bool,
}

/// What was done to an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Values that were masked.
    pub masked: u64,
    /// For each body and text that is not kept although the rules would have it, why.
    pub withheld: Vec<&'static str>,
    /// As what the rules have its bodies read, as `Treatment.llm` says it; empty: as what they look like.
    pub llm: String,
}

impl Treatments {
    /// Treats an event: only then may it touch a disk. What is neither exchange, span nor score stays as it is. If it cannot be done, which is
    /// told, all that may hold a secret is withheld.
    pub fn treat(&mut self, event: &mut Event) -> Done {
        event::treat(self, event)
    }
}

/// What a treatment comes to.
#[derive(Debug)]
struct Redactor {
    /// Where secrets are in a text.
    pub(super) finder: Finder,
    /// What stands in their place.
    pub(super) mask: Mask,
    /// Keys of JSON whose values are secret.
    pub(super) keys: Keys,
    /// Parameters of forms and queries whose values are.
    pub(super) parameters: SecretParameters,
    /// Whether, in the last bytes of JSON that was cut, values are masked whose path is not known.
    pub(super) mask_unknown: bool,
    /// What is kept of JSON; `None`: all of it.
    pub(super) json: Option<JsonLimits>,
    /// Whether binary bodies, and images and audio in JSON, are kept instead of being summed up.
    pub(super) keep_media: bool,
    /// Where a JSON request says whose the event is.
    pub(super) identity: Vec<JsonField>,
    /// As what the bodies are read; nothing here depends on it.
    pub(super) llm: String,
}

/// How much is kept of JSON. `None`: any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct JsonLimits {
    /// Characters of a string.
    pub(super) max_string: Option<u32>,
    /// Items of an array or an object.
    pub(super) max_items: Option<u32>,
    /// Levels; the outermost value is on level 0.
    pub(super) max_depth: Option<u32>,
}

/// Why nothing is kept of what the rules would have, as `Treated.withheld` and a metric's label say it.
mod withheld {
    /// A `Content-Encoding` that is not known, or too many of them.
    pub(super) const ENCODING: &str = "unknown content-encoding";
    /// It is not what its `Content-Encoding` says.
    pub(super) const UNDECODABLE: &str = "undecodable content-encoding";
    /// A `charset` that secrets cannot be looked for in.
    pub(super) const CHARSET: &str = "unknown charset";
    /// An expression of the rules would take too long on it.
    pub(super) const TOO_LONG: &str = "redaction took too long";
    /// A bug.
    pub(super) const FAILED: &str = "redaction failed";
    /// This version of the exporter cannot do what the rules ask for.
    pub(super) const UNUSABLE: &str = "unusable rules";

    /// A span of OpenTelemetry that is none.
    pub(super) const NO_SPAN: &str = "undecodable span";

    /// All of them.
    const ALL: [&str; 7] = [ENCODING, UNDECODABLE, CHARSET, TOO_LONG, FAILED, UNUSABLE, NO_SPAN];

    /// The one that a body says.
    pub(super) fn of(treated: &offpath_core::event::Treated) -> Option<&'static str> {
        let is_withheld = !treated.withheld.is_empty();
        is_withheld.then(|| ALL.into_iter().find(|reason| *reason == treated.withheld).unwrap_or(FAILED))
    }
}
