//! A body's bytes as they can be looked into: `Content-Encoding` undone (RFC 9110, section 8.4), UTF-16 as UTF-8, event
//! streams of AWS as lines.
//!
//! Of a body that was captured whole, all is decoded; of one that was not, its first bytes, as far as they go, and its last
//! ones are dropped: nobody can decode them. What comes out is bounded like what was captured, by first and last bytes
//! and what redaction needs beyond; in all, no more than [`MOST_DECODED`] bytes are read and given out by decoders.

mod decode;
mod ends;
mod eventstream;
mod meter;
mod stops;
mod utf16;
mod zstd;

use std::borrow::Cow;

use offpath_core::{event::Body, limits::MARGIN};

use self::{ends::Ends, stops::Stops};
use super::{body::Described, chunks::Chunks, withheld};

/// Bytes that all decoders of one body read and give out.
const MOST_DECODED: usize = 16 << 20;

/// Bytes that are kept of either end of a body that decoded is longer than its limits may have been, which are not known.
const LEAST_LIMIT: usize = 8 << 10;

/// What was kept of a body, decoded.
#[derive(Debug, PartialEq, Eq)]
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
    /// How many bytes that passed are how many decoded ones; (1, 1) where nothing was undone.
    pub(super) ratio: (u64, u64),
    /// When it arrived: of `head`, or with no gap of head and tail put together. `None`: it is not known.
    pub(super) chunks: Option<Chunks>,
    /// Whether it was made documents on lines, which its type does not say.
    pub(super) is_lines: bool,
}

/// Decodes a body.
///
/// # Errors
///
/// Why it cannot be looked into, as `Treated.withheld` says it.
pub(super) fn undo<'b>(body: &'b Body, kind: &Described<'_>) -> Result<Content<'b>, &'static str> {
    let encodings = encodings(kind.content_encoding);
    let mut content = plain(body, kind.arrived);
    let is_empty = body.head.is_empty() && body.tail.is_empty();
    if !encodings.is_empty() && !is_empty {
        content = decoded(body, &encodings, content.chunks)?;
    }
    eventstream::undo(&mut content, kind.content_type);
    utf16::undo(&mut content, kind.content_type, body)?;
    Ok(content)
}

/// The encodings in the order in which they were applied.
fn encodings(header: &str) -> Vec<String> {
    let names = header.split(',').map(|name| name.trim().to_ascii_lowercase());
    names.filter(|name| !name.is_empty() && name != "identity").collect()
}

fn plain<'b>(body: &'b Body, arrived: &[(u64, u64)]) -> Content<'b> {
    let held = body.head.len() + body.tail.len();
    Content {
        head: Cow::Borrowed(&body.head),
        tail: Cow::Borrowed(&body.tail),
        gap: (held as u64) < body.size,
        head_limit: body.head_limit.map_or(body.head.len(), |limit| limit as usize),
        tail_limit: body.tail_limit.map_or(body.tail.len(), |limit| limit as usize),
        decoded: String::new(),
        ratio: (1, 1),
        chunks: Chunks::of(arrived, body),
        is_lines: false,
    }
}

fn decoded<'b>(
    body: &'b Body,
    encodings: &[String],
    chunks: Option<Chunks>,
) -> Result<Content<'b>, &'static str> {
    let held = body.head.len() + body.tail.len();
    let is_whole = held as u64 >= body.size;
    if !is_whole && body.head.is_empty() {
        return Err(withheld::UNDECODABLE);
    }
    let tail: &[u8] = if is_whole { &body.tail } else { &[] };
    let limit = |limit: Option<u32>| limit.map_or(held.max(LEAST_LIMIT), |limit| limit as usize);
    let head_limit = limit(body.head_limit);
    let tail_limit = if is_whole { limit(body.tail_limit) } else { 0 };
    let mut ends = Ends::new(beyond(head_limit), beyond(tail_limit));
    let chunks = chunks.filter(|_| decode::is_prompt(encodings));
    let stops = Stops::new(chunks.iter().flat_map(Chunks::offsets).collect());
    let is_over = decode::decode(encodings, &body.head, tail, &mut ends, &stops)?;
    if ends.is_empty() && !is_over {
        return Err(withheld::UNDECODABLE);
    }
    let passed = body.head.len() + tail.len();
    // Of what was not decoded to its end, the last bytes are not the body's last.
    let (head, tail, length) = ends.into_parts(is_over);
    let mut reached = stops.into_reached();
    Ok(Content {
        gap: !is_over || head.len() + tail.len() < length,
        head: Cow::Owned(head),
        tail: Cow::Owned(tail),
        head_limit,
        tail_limit,
        decoded: encodings.join(", "),
        ratio: (passed as u64, length.max(1) as u64),
        chunks: chunks.map(|chunks| chunks.moved(|_| reached.next().unwrap_or(length))),
        is_lines: false,
    })
}

/// Nothing stays nothing.
fn beyond(limit: usize) -> usize {
    if limit == 0 { 0 } else { limit.saturating_add(MARGIN) }
}

#[cfg(test)]
mod tests;
