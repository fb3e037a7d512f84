//! What is done to an event before it may touch a disk: secrets masked, bodies cut, users and sessions read.
//!
//! ```text
//! event ─> treatments: what its treatment comes to, compiled once ─> a Redactor
//!       ─> event:      each text that leaves ──────────────┐
//!       └> body:       each body, decoded by content,      ├─> finder: where the secrets are
//!                      as JSON, SSE, a form, text or media ┘
//! ```

mod body;
mod content;
mod finder;
mod treatments;

use offpath_core::{mask::Mask, query::SecretParameters, treatment::JsonField};

use self::{finder::Finder, treatments::Keys};

/// What a treatment comes to.
#[derive(Debug)]
pub(super) struct Redactor {
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
}

/// How much is kept of JSON. `None`: any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct JsonLimits {
    /// Characters of a string.
    pub(super) max_string: Option<u32>,
    /// Items of an array or an object.
    pub(super) max_items: Option<u32>,
    /// Levels; the outermost value is on level 0.
    pub(super) max_depth: Option<u32>,
}

/// Why nothing is kept of what the rules would have, as `Treated.withheld` and a metric's label say it.
pub(super) mod withheld {
    /// A `Content-Encoding` that is not known, or too many of them.
    pub(in crate::redact) const ENCODING: &str = "unknown content-encoding";
    /// It is not what its `Content-Encoding` says.
    pub(in crate::redact) const UNDECODABLE: &str = "undecodable content-encoding";
    /// A `charset` that secrets cannot be looked for in.
    pub(in crate::redact) const CHARSET: &str = "unknown charset";
    /// An expression of the rules would take too long on it.
    pub(in crate::redact) const TOO_LONG: &str = "redaction took too long";
    /// A bug.
    pub(in crate::redact) const FAILED: &str = "redaction failed";
    /// This version of the exporter cannot do what the rules ask for.
    pub(in crate::redact) const UNUSABLE: &str = "unusable rules";
}
