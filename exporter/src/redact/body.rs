//! What is done inside a body.
//!
//! ```text
//! Body ─> content: decoded ─> kind ─> pieces: all of it, or what is before and after a gap
//!      ─> json, sse, form, text: edits ─> cut: what is shown of the pieces ─> json: valid ─> Body
//! ```
//!
//! All that is at hand is searched before anything is cut away, so that a secret that a limit cuts in half is known as
//! one. Without a gap, all of it is one text, whatever part of it is to be shown.

mod cut;
mod kind;

use std::borrow::Cow;

use offpath_core::event::{Body, Treated};

use self::{
    cut::{Cut, Part, Shown},
    kind::Kind,
};
use super::{
    JsonLimits, Redactor,
    content::{self, Content},
    edits::Edits,
    finder::GaveUp,
    form,
    json::{self, Found, Reading},
    media,
    piece::Piece,
    sse, text, withheld,
};

/// What a body is said to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Described<'e> {
    /// Its `Content-Type`; empty if there was none.
    pub(super) content_type: &'e str,
    /// Its `Content-Encoding`, likewise.
    pub(super) content_encoding: &'e str,
    /// Whether it is the request's.
    pub(super) is_request: bool,
    /// Whether it is what was sent on a websocket.
    pub(super) websocket: bool,
    /// When its chunks arrived, by their offsets, as a host has noted it.
    pub(super) arrived: &'e [(u64, u64)],
}

/// What was found out of a body on the way.
#[derive(Debug, Default)]
pub(super) struct Learned {
    /// What a request says of whose the event is: which of the redactor's fields, and its value.
    pub(super) identity: Vec<(usize, String)>,
    /// When the lines of the head arrived, as `Message.arrivals` has it.
    pub(super) arrived: Vec<(u64, u64)>,
}

/// A body as it is stored, and when its lines arrived.
struct Kept {
    body: Body,
    arrived: Vec<(u64, u64)>,
}

impl From<Body> for Kept {
    fn from(body: Body) -> Self {
        Self { body, arrived: Vec::new() }
    }
}

/// Treats a body.
pub(super) fn treat(body: &mut Body, described: &Described<'_>, redactor: &Redactor) -> Learned {
    let mut identity = Vec::new();
    let kept = match content::undo(body, described) {
        Err(why) => nothing(why).into(),
        Ok(content) => {
            let as_lines = Described { content_type: kind::LINES_TYPE, ..*described };
            let described = if content.is_lines { &as_lines } else { described };
            let kind = Kind::of(described, &content.head, &content.tail);
            if kind == Kind::Json && described.is_request && !described.websocket {
                identity = fields(&content.head, redactor);
            }
            let treatment = Treatment { described, redactor, kind, content: &content, size: body.size };
            treatment.apply().unwrap_or_else(|GaveUp| nothing(withheld::TOO_LONG).into())
        }
    };
    *body = Body { size: body.size, ..kept.body };
    Learned { identity, arrived: kept.arrived }
}

/// Nothing of a body, and why.
fn nothing(why: &str) -> Body {
    Body { treated: Some(Treated { withheld: why.to_owned(), ..Treated::default() }), ..Body::default() }
}

/// What a request says of whose the event is. A field that is secret says nothing.
fn fields(head: &[u8], redactor: &Redactor) -> Vec<(usize, String)> {
    let fields = redactor.identity.iter().enumerate();
    let open = fields.filter(|(_, field)| !field.path.iter().any(|key| redactor.keys.has(key)));
    open.filter_map(|(number, field)| Some((number, json::identity(head, &field.path)?))).collect()
}

/// One body and what is to be done with it.
struct Treatment<'t> {
    described: &'t Described<'t>,
    redactor: &'t Redactor,
    kind: Kind,
    content: &'t Content<'t>,
    size: u64,
}

impl Treatment<'_> {
    fn apply(&self) -> Result<Kept, GaveUp> {
        let is_binary = self.kind == Kind::Binary && !self.redactor.keep_media;
        if self.kind == Kind::Multipart || is_binary {
            return Ok(self.summed_up().into());
        }
        if self.content.gap { self.apply_to_two() } else { self.apply_to_one() }
    }

    /// Type and digest in the place of what it is.
    fn summed_up(&self) -> Body {
        let digest = (!self.content.gap && self.size > 0).then(|| media::digest(&self.all()));
        let content_type = media::essence(self.described.content_type);
        let treated = Treated {
            content_type: if content_type.is_empty() {
                "application/octet-stream".to_owned()
            } else {
                content_type
            },
            digest: digest.unwrap_or_default(),
            decoded: self.content.decoded.clone(),
            ..Treated::default()
        };
        Body { treated: Some(treated), ..Body::default() }
    }

    fn all(&self) -> Cow<'_, [u8]> {
        if self.content.tail.is_empty() {
            return Cow::Borrowed(&self.content.head);
        }
        Cow::Owned([&*self.content.head, &*self.content.tail].concat())
    }

    /// All of the body is at hand.
    fn apply_to_one(&self) -> Result<Kept, GaveUp> {
        let all = self.all();
        let found = self.find(&Piece::whole(&all), false)?;
        let cut = Cut::of_whole(&all, self.content);
        let part = Part { bytes: &all, edits: &found.edits };
        // One that ends before the cut is followed by others.
        let documents = if cut.has_gap { found.documents.saturating_sub(1) } else { 0 };
        Ok(self.shown(&cut, &part, &part, documents))
    }

    /// There is a gap, between head and tail or after the head.
    fn apply_to_two(&self) -> Result<Kept, GaveUp> {
        let head = Piece { bytes: &self.content.head, cut_start: false, cut_end: true };
        let tail = Piece { bytes: &self.content.tail, cut_start: true, cut_end: false };
        let in_head = self.find(&head, false)?;
        let in_tail = self.find(&tail, in_head.ends_in_secret)?;
        let cut = Cut::of_two(self.content);
        let tail = Part { bytes: tail.bytes, edits: &in_tail.edits };
        let head = Part { bytes: head.bytes, edits: &in_head.edits };
        Ok(self.shown(&cut, &head, &tail, in_head.documents))
    }

    /// Finds what is to be masked in a piece; `after_secret`: the gap before it began in something secret.
    fn find(&self, piece: &Piece<'_>, after_secret: bool) -> Result<Found, GaveUp> {
        if piece.bytes.is_empty() {
            return Ok(Found::default());
        }
        let mut edits = Edits::default();
        match self.kind {
            Kind::Json => {
                let mask_unknown = self.redactor.mask_unknown || after_secret;
                let reading = Reading { mask_unknown, ..Reading::documents(self.is_streamed()) };
                return json::mask(piece, self.redactor, reading);
            }
            Kind::EventStream => return sse::mask(piece, self.redactor, after_secret),
            Kind::Form => form::mask(piece, self.redactor, &mut edits)?,
            Kind::Text | Kind::Binary | Kind::Multipart => {
                text::mask(piece, &self.redactor.finder, &self.redactor.mask, &mut edits)?;
            }
        }
        edits.settle();
        Ok(Found { edits, ..Found::default() })
    }

    /// Whether the documents are parts of one text: messages, lines, or the items of an array that a response is.
    fn is_streamed(&self) -> bool {
        let is_array = || self.content.head.iter().find(|byte| !json::is_blank(**byte)) == Some(&b'[');
        self.described.websocket
            || kind::is_lines(self.described.content_type)
            || !self.described.is_request && is_array()
    }

    /// `documents`: how many there are in the head.
    fn shown(&self, cut: &Cut, head: &Part<'_>, tail: &Part<'_>, documents: usize) -> Kept {
        let limits = self.redactor.json.filter(|_| self.kind == Kind::Json);
        let json = limits.and_then(|limits| self.shown_as_json(cut, head, tail, (documents, limits)));
        if let Some(body) = json {
            let has_its_lines = cut.has_lines_of(head, &body.head);
            let arrived = if has_its_lines { self.arrived(cut, head) } else { Vec::new() };
            return Kept { body, arrived };
        }
        let cut = if self.kind == Kind::EventStream { cut.at_events(head.bytes, tail.bytes) } else { *cut };
        let shown = cut.show(head, tail);
        let treated = self.treated(&shown, shown.kept, &cut);
        let body = Body { head: shown.head, tail: shown.tail, treated: Some(treated), ..Body::default() };
        Kept { body, arrived: self.arrived(&cut, head) }
    }

    /// When the lines of what is shown of the head arrived.
    fn arrived(&self, cut: &Cut, head: &Part<'_>) -> Vec<(u64, u64)> {
        let chunks = self.content.chunks.as_ref();
        chunks.map_or_else(Vec::new, |chunks| {
            chunks.lines(head.bytes, cut.head_end(), head.edits, !cut.has_gap)
        })
    }

    /// As valid JSON; `None`: it is none. With a gap, the members at the end of the document that are there as a whole
    /// follow those before the gap. Of several documents the tail stays as it is.
    fn shown_as_json(
        &self,
        cut: &Cut,
        head: &Part<'_>,
        tail: &Part<'_>,
        (documents, limits): (usize, JsonLimits),
    ) -> Option<Body> {
        if !cut.has_gap || documents > 0 {
            return self.shaped(cut, head, tail, (None, limits));
        }
        let ending = json::ending(cut.tail(tail));
        let with_ending = ending.and_then(|ending| {
            self.shaped(&cut.at_part(ending.members), head, tail, (Some(ending.first), limits))
        });
        with_ending.or_else(|| self.shaped(&cut.at_part(0..0), head, tail, (None, limits)))
    }

    /// Head and tail as JSON; `ending`: the tail is members or items of the outermost container, which begins so.
    fn shaped(
        &self,
        cut: &Cut,
        head: &Part<'_>,
        tail: &Part<'_>,
        (ending, limits): (Option<u8>, JsonLimits),
    ) -> Option<Body> {
        let mut shown = cut.show(head, tail);
        let left_out = cut.has_gap.then(|| self.omitted(shown.kept, cut));
        let members = ending.map(|first| (first, std::mem::take(&mut shown.tail)));
        let members = members.as_ref().map(|(first, members)| (*first, members.as_slice()));
        let shaped = json::shape(&shown.head, left_out, limits, members)?;
        let mut treated = self.treated(&shown, shown.kept.saturating_sub(shaped.dropped as u64), cut);
        treated.cut += shaped.cut;
        treated.json = shaped.is_one && shown.tail.is_empty();
        Some(Body { head: shaped.bytes, tail: shown.tail, treated: Some(treated), ..Body::default() })
    }

    fn treated(&self, shown: &Shown, kept: u64, cut: &Cut) -> Treated {
        Treated {
            kept: self.size - self.omitted(kept, cut),
            masked: shown.masked,
            cut: shown.cut,
            decoded: self.content.decoded.clone(),
            ..Treated::default()
        }
    }

    /// How many of the bytes that passed are left out if `kept` of the decoded ones are not.
    fn omitted(&self, kept: u64, cut: &Cut) -> u64 {
        if !cut.has_gap {
            return 0;
        }
        let (passed, decoded) = self.content.ratio;
        let kept = u128::from(kept) * u128::from(passed) / u128::from(decoded.max(1));
        // Something is left out: decoding may have made it look otherwise.
        self.size.saturating_sub(u64::try_from(kept).unwrap_or(u64::MAX)).max(1).min(self.size)
    }
}

#[cfg(test)]
mod tests;
