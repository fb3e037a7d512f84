//! What the app tells of a trace while parts of it are in progress: it is said of the exchange, and of all spans that end later.

use super::{
    body::{self, Part},
    metadata::Metadata,
};

use offpath_wire as wire;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tags of `Event`.
const EXCHANGE: u32 = 16;
const USER_ID: u32 = 18;
const SESSION_ID: u32 = 19;
const TAGS: u32 = 20;
const TOLD: u32 = 24;
/// Tag of `Exchange`.
const TRACE_NAME: u32 = 21;
/// Bits of `Event.told`: no field of JSON takes the place of what the app says.
const USER: u64 = 1;
const SESSION: u64 = 1 << 1;
/// An event has so many tags.
const MOST_TAGS: usize = 16;

/// Shared by an exchange and its spans, or by a span that is the root in this process and those below.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<Both>);

/// What is told, and what is suggested.
#[derive(Debug, Default)]
struct Both {
    /// By the app, of the trace as a whole.
    told: Fields,
    /// By a `propagate_attributes`, which holds for the spans within it, and of the exchange where it knows no better.
    suggested: Fields,
}

/// Whose a trace is, and what it is called.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    pub(super) user_id: String,
    pub(super) session_id: String,
    pub(super) tags: Vec<String>,
    pub(super) trace_name: String,
    pub(super) version: String,
    pub(super) metadata: Metadata,
    pub(super) is_public: bool,
}

impl Told {
    /// Says more; of what was said before, this takes the place. It is said of this trace alone.
    pub(super) fn tell(&self, more: &Fields) {
        self.both().told.overlay(more, true);
    }

    /// Says of the exchange what is not said yet. Spans that end later do not take it over.
    pub(super) fn suggest(&self, more: &Fields) {
        self.both().suggested.overlay(more, false);
    }

    /// What spans that end now take over.
    pub(super) fn now(&self) -> Fields {
        self.both().told.clone()
    }

    /// Whether that is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.both().told.is_empty()
    }

    /// Appends to an exchange's event what is said of it.
    pub(crate) fn add_to_exchange(&self, event: &mut Vec<u8>) {
        let fields = {
            let both = self.both();
            let mut fields = both.told.clone();
            fields.overlay(&both.suggested, false);
            fields
        };
        if fields.is_empty() {
            return;
        }
        fields.write_identity(event);
        let mut bits = 0;
        bits |= if fields.user_id.is_empty() { 0 } else { USER };
        bits |= if fields.session_id.is_empty() { 0 } else { SESSION };
        wire::number(event, TOLD, bits);
        if !fields.trace_name.is_empty() {
            let mut exchange = Vec::new();
            wire::bytes(&mut exchange, TRACE_NAME, fields.trace_name.as_bytes());
            wire::bytes(event, EXCHANGE, &exchange);
        }
    }

    /// A panic while it was locked left nothing half done that would matter.
    fn both(&self) -> MutexGuard<'_, Both> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fields {
    fn is_empty(&self) -> bool {
        let texts = [&self.user_id, &self.session_id, &self.trace_name, &self.version];
        texts.iter().all(|text| text.is_empty())
            && self.tags.is_empty()
            && self.metadata.is_empty()
            && !self.is_public
    }

    /// `replace`: whether it takes the place of what is there.
    pub(super) fn overlay(&mut self, more: &Self, replace: bool) {
        for (text, new) in [
            (&mut self.user_id, &more.user_id),
            (&mut self.session_id, &more.session_id),
            (&mut self.trace_name, &more.trace_name),
            (&mut self.version, &more.version),
        ] {
            if !new.is_empty() && (replace || text.is_empty()) {
                text.clone_from(new);
            }
        }
        for tag in &more.tags {
            if self.tags.len() < MOST_TAGS && !self.tags.contains(tag) {
                self.tags.push(tag.clone());
            }
        }
        self.metadata.merge(&more.metadata);
        self.is_public |= more.is_public;
    }

    /// User, session and tags: fields of the event itself.
    pub(super) fn write_identity(&self, event: &mut Vec<u8>) {
        wire::bytes(event, USER_ID, self.user_id.as_bytes());
        wire::bytes(event, SESSION_ID, self.session_id.as_bytes());
        for tag in &self.tags {
            wire::bytes(event, TAGS, tag.as_bytes());
        }
    }

    pub(super) fn write_metadata(&self, event: &mut Vec<u8>, part: Part) {
        if !self.metadata.is_empty() {
            body::write_json(event, part, &self.metadata.json());
        }
    }
}
