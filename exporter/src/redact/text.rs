//! Text: what the finder finds is masked.

mod decoded;

use std::ops::Range;

use offpath_core::mask::Mask;

use super::{
    edits::{Edits, Why},
    finder::{Finder, GaveUp},
    piece::{Piece, leading_run, trailing_run},
};

pub(super) use self::decoded::Decoded;

/// Masks the secrets in a piece of text.
pub(super) fn mask(piece: &Piece<'_>, finder: &Finder, mask: &Mask, edits: &mut Edits) -> Result<(), GaveUp> {
    let mut found = Vec::new();
    finder.find(piece.bytes, &mut found)?;
    for hit in found {
        let with = mask.of(&piece.bytes[hit.clone()], piece.has_whole(&hit));
        edits.push(hit, &with, Why::Masked);
    }
    if finder.is_empty() {
        return Ok(());
    }
    if piece.cut_start {
        push_cut(0..leading_run(piece.bytes), mask, edits);
    }
    if piece.cut_end {
        let end = piece.bytes.len();
        push_cut(end - trailing_run(piece.bytes)..end, mask, edits);
    }
    Ok(())
}

fn push_cut(run: Range<usize>, mask: &Mask, edits: &mut Edits) {
    if !run.is_empty() {
        edits.push(run, &mask.of(b"", false), Why::Masked);
    }
}
