//! JSON, whole or cut, valid or not: secrets masked in it, and then as much shown as is asked for, still JSON.
//!
//! ```text
//! bytes ─> token ─> scan ──────────> edits ─> what is shown ─> shape ─> valid JSON
//!                   │ keys, media,            of the bytes     limits, marks of what is left out
//!                   │ JSON in strings
//!                   └ texts ─> finder
//! tail: what the bytes after a gap may be; grammar: whether they can be; identity: whose it is
//! ```
//!
//! Everything is one pass over tokens, and nothing recurses but JSON in strings, four levels deep at most.

mod ending;
mod grammar;
mod identity;
mod key;
mod scan;
mod shape;
mod string;
mod tail;
mod token;

use memchr::memchr_iter;

use super::{Redactor, finder::GaveUp, piece::Piece};

pub(super) use self::{
    ending::ending,
    identity::identity,
    scan::{Found, Reading, Scan},
    shape::shape,
    token::{Begins, is_blank},
};
#[cfg(test)]
pub(super) use self::{string::decoded, token::READ};

/// Finds what is to be masked in a body. `reading.streamed` is for documents that are parts of one text; several
/// documents are read so in any case.
pub(super) fn mask(piece: &Piece<'_>, redactor: &Redactor, reading: Reading) -> Result<Found, GaveUp> {
    if piece.cut_start {
        return tail::mask(piece, redactor, reading);
    }
    let found = mask_documents(piece, redactor, reading)?;
    if found.documents > 1 && !reading.streamed {
        return mask_documents(piece, redactor, Reading { streamed: true, ..reading });
    }
    Ok(found)
}

fn mask_documents(piece: &Piece<'_>, redactor: &Redactor, reading: Reading) -> Result<Found, GaveUp> {
    let all = byte_order_mark(piece.bytes)..piece.bytes.len();
    let mut scan = Scan::new(redactor, *piece, reading);
    scan.read(all.clone(), Begins::Outside);
    scan.end_documents(all);
    scan.finish()
}

/// The same for a text that is in `reading`, if it is JSON.
fn mask_text(piece: &Piece<'_>, redactor: &Redactor, reading: Reading) -> Result<Option<Found>, GaveUp> {
    let inner = Reading { level: reading.level + 1, streamed: false, ..reading };
    if piece.cut_start {
        return tail::mask_if_json(piece, redactor, inner);
    }
    if !may_be_json(piece.bytes) {
        return Ok(None);
    }
    mask_documents(piece, redactor, Reading { unseen: None, ..inner }).map(Some)
}

/// Whether a text may be JSON. It may be put into a string twice, or stand in a text.
pub(super) fn may_be_json(bytes: &[u8]) -> bool {
    begins_as_json(bytes) || bytes.starts_with(b"\"") || has_member(bytes)
}

/// Whether the first byte that is no blank, and no byte order mark, is `{` or `[`.
pub(super) fn begins_as_json(bytes: &[u8]) -> bool {
    let bytes = &bytes[byte_order_mark(bytes)..];
    matches!(bytes.iter().find(|byte| !byte.is_ascii_whitespace()), Some(b'{' | b'['))
}

/// Length of the byte order mark that bytes begin with.
pub(super) fn byte_order_mark(bytes: &[u8]) -> usize {
    let mark = "\u{feff}".as_bytes();
    if bytes.starts_with(mark) { mark.len() } else { 0 }
}

/// Whether there is a quote before a colon, as at the end of a key.
pub(super) fn has_member(bytes: &[u8]) -> bool {
    memchr_iter(b':', bytes)
        .any(|at| bytes[..at].iter().rev().find(|byte| !is_blank(**byte)).is_some_and(|byte| *byte == b'"'))
}
