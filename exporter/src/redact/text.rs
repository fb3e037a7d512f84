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
    mask_edges(piece, finder, mask, usize::MAX, edits);
    Ok(())
}

/// The same for a text that comes in parts, which may have no blanks for longer than a secret is long.
pub(super) fn mask_joined(
    piece: &Piece<'_>,
    finder: &Finder,
    mask: &Mask,
    edits: &mut Edits,
) -> Result<(), GaveUp> {
    /// Longest secret of which a part would not be known as one.
    const LONGEST: usize = 2048;
    let whole = Piece { cut_start: false, cut_end: false, ..*piece };
    self::mask(&whole, finder, mask, edits)?;
    mask_edges(piece, finder, mask, LONGEST, edits);
    Ok(())
}

/// Masks the runs at the edges where bytes are missing, up to `longest` bytes of each.
fn mask_edges(piece: &Piece<'_>, finder: &Finder, mask: &Mask, longest: usize, edits: &mut Edits) {
    if finder.is_empty() {
        return;
    }
    if piece.cut_start {
        push_cut(0..leading_run(piece.bytes).min(longest), mask, edits);
    }
    if piece.cut_end {
        let end = piece.bytes.len();
        push_cut(end - trailing_run(piece.bytes).min(longest)..end, mask, edits);
    }
}

fn push_cut(run: Range<usize>, mask: &Mask, edits: &mut Edits) {
    if !run.is_empty() {
        edits.push(run, &mask.of(b"", false), Why::Masked);
    }
}
