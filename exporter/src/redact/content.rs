//! A body's bytes as they can be looked into: `Content-Encoding` undone, UTF-16 as UTF-8.

use std::borrow::Cow;

use offpath_core::event::Body;

use super::body::Described;

/// What was kept of a body, decoded.
#[derive(Debug)]
pub(super) struct Content<'b> {
    /// The first bytes.
    pub(super) head: Cow<'b, [u8]>,
    /// The last bytes, where they are not part of `head`.
    pub(super) tail: Cow<'b, [u8]>,
    /// Whether bytes are missing between the two, or after `head` where there is no tail.
    pub(super) gap: bool,
    /// How many bytes of `head` may stay, counted from its start.
    pub(super) head_limit: usize,
    /// How many bytes of `tail` may stay, counted from its end. Of a body with no gap, `head_limit` and `tail_limit` are
    /// of head and tail put together.
    pub(super) tail_limit: usize,
    /// The encodings that were undone, as `Treated.decoded` names them; empty if there was none.
    pub(super) decoded: String,
    /// Of the bytes that passed, how many one decoded byte stands for: (passed, decoded); (1, 1) where nothing was undone.
    pub(super) ratio: (u64, u64),
}

/// Decodes a body. Err: why it cannot be looked into, as `Treated.withheld` says it.
pub(super) fn undo<'b>(body: &'b Body, _kind: &Described<'_>) -> Result<Content<'b>, String> {
    let held = body.head.len() + body.tail.len();
    Ok(Content {
        head: Cow::Borrowed(&body.head),
        tail: Cow::Borrowed(&body.tail),
        gap: (held as u64) < body.size,
        head_limit: body.head_limit.map_or(body.head.len(), |limit| limit as usize),
        tail_limit: body.tail_limit.map_or(body.tail.len(), |limit| limit as usize),
        decoded: String::new(),
        ratio: (1, 1),
    })
}
