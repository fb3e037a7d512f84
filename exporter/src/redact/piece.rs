//! What is at hand of a body without a gap: the whole of it, its beginning, or its end.
//!
//! Where a piece ends at a gap nobody can tell whether what stands there is the half of a secret. So the run of
//! characters that ends there, as keys and numbers are made of them, is masked. Mostly none of it would be shown
//! anyway: pieces reach further than what is shown of them.

use std::ops::Range;

/// Bytes of a body that follow each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'b> {
    /// All that is at hand.
    pub(super) bytes: &'b [u8],
    /// Whether bytes are missing before it.
    pub(super) cut_start: bool,
    /// Whether bytes are missing after it.
    pub(super) cut_end: bool,
}

impl<'b> Piece<'b> {
    /// A piece of which nothing is missing.
    pub(super) fn whole(bytes: &'b [u8]) -> Self {
        Self { bytes, cut_start: false, cut_end: false }
    }

    /// Whether the part `at` of the bytes is as long as it was: it does not touch an edge where bytes are missing.
    pub(super) fn has_whole(&self, at: &Range<usize>) -> bool {
        !(self.cut_start && at.start == 0 || self.cut_end && at.end >= self.bytes.len())
    }
}

/// How long the run is that `text` begins with.
pub(super) fn leading_run(text: &[u8]) -> usize {
    let run = text.iter().position(|byte| !is_run(*byte)).unwrap_or(text.len());
    if is_ruler(&text[..run]) { 0 } else { run }
}

/// How long the run is that `text` ends with.
pub(super) fn trailing_run(text: &[u8]) -> usize {
    let run = text.iter().rev().position(|byte| !is_run(*byte)).unwrap_or(text.len());
    if is_ruler(&text[text.len() - run..]) { 0 } else { run }
}

/// What keys, tokens and numbers are made of: printable ASCII, but for quotes, commas and brackets.
fn is_run(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"'`,()[]{}<>".contains(&byte)
}

/// Whether it is one character over and over, which is no secret.
fn is_ruler(run: &[u8]) -> bool {
    run.iter().all(|byte| Some(byte) == run.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_at_a_blank_a_quote_a_bracket_and_a_letter_that_is_not_ascii() {
        assert_eq!(leading_run(b"sk-abc/12+=. x"), 12);
        assert_eq!(leading_run(b"sk\"x"), 2);
        assert_eq!(leading_run("ab\u{e9}".as_bytes()), 2);
        assert_eq!(trailing_run(b"{key: [sk-abc"), 6);
        assert_eq!(trailing_run(b"sk-abc "), 0);
    }

    #[test]
    fn a_ruler_is_no_run() {
        assert_eq!(leading_run(b"---------- x"), 0);
        assert_eq!(trailing_run(b"x =========="), 0);
    }
}
