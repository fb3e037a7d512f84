//! The end of JSON, after a gap.
//!
//! Whether it begins inside a string is not known, so each way to read it is tried against the grammar over all of it.
//! Mostly one is left. If several are, or none is, as the body was no whole JSON, what any of them finds is masked.
//!
//! Which keys its first values are under is not known either. A value whose key was not seen is masked if
//!
//! - the gap ends right before it, or after the first part of its key;
//! - it is a string of more than 8 characters in an array that the gap goes into: it may be one of several secrets under
//!   one key. Numbers there stay: they are mostly vectors;
//! - `mask_unknown` is set. Then so is each value whose path is not known, as it is in what was opened before the gap. It
//!   is known of what is between the last two closers that close nothing: that is the document itself, and its keys are
//!   there.
//!
//! A string that the gap goes into loses only what may be the half of a secret, as any text does; see
//! [`super::super::piece`].

use memchr::memchr;

use super::{
    grammar::{Grammar, is_literal},
    has_member,
    scan::{Found, Reading, Scan},
    token::{Begins, Kind, Tokens},
};
use crate::redact::{Redactor, finder::GaveUp, piece::Piece};

/// One way to read the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hypothesis {
    begins: Begins,
    /// How many of the first bytes stand for nothing.
    from: usize,
    /// How much of what was open before is closed by the end, if all is.
    closers: Option<usize>,
    /// How many documents there are after that.
    documents: usize,
}

/// Finds what is to be masked.
pub(super) fn mask(piece: &Piece<'_>, redactor: &Redactor, reading: Reading) -> Result<Found, GaveUp> {
    let consistent: Vec<Hypothesis> = hypotheses(piece.bytes, reading.level).collect();
    if !consistent.is_empty() {
        return mask_by_any(piece, redactor, reading, &consistent);
    }
    mask_by_all(piece, redactor, reading)
}

/// Finds what any way to read the bytes would mask.
fn mask_by_all(piece: &Piece<'_>, redactor: &Redactor, reading: Reading) -> Result<Found, GaveUp> {
    let ways = ways_to_begin(piece.bytes, reading.level);
    let all = ways.map(|(begins, from)| Hypothesis { begins, from, closers: None, documents: 0 });
    let mut found = mask_by_any(piece, redactor, reading, &all.collect::<Vec<_>>())?;
    crate::redact::text::mask(piece, &redactor.finder, &redactor.mask, &mut found.edits)?;
    found.edits.settle();
    Ok(found)
}

/// The same, if the bytes can be the end of JSON and have keys.
pub(super) fn mask_if_json(
    piece: &Piece<'_>,
    redactor: &Redactor,
    reading: Reading,
) -> Result<Option<Found>, GaveUp> {
    if memchr(b'"', piece.bytes).is_none() {
        return Ok(None);
    }
    let consistent: Vec<Hypothesis> = hypotheses(piece.bytes, reading.level).collect();
    if !consistent.is_empty() {
        return mask_by_any(piece, redactor, reading, &consistent).map(Some);
    }
    if !has_member(piece.bytes) {
        return Ok(None);
    }
    // JSON that is broken, or prose that quotes some: of that, only what keys say is masked.
    mask_by_all(piece, redactor, Reading { mask_unknown: false, ..reading }).map(Some)
}

/// The way to read the bytes, if there is but one, and how many closers there are of what was open before them, of which
/// the last one ends the only document.
pub(super) fn only_way_to_read(bytes: &[u8]) -> Option<(Begins, usize)> {
    let mut ways = hypotheses(bytes, 0);
    let only = ways.next().filter(|_| ways.next().is_none())?;
    Some((only.begins, only.closers.filter(|closers| *closers > 0 && only.documents == 0)?))
}

fn mask_by_any(
    piece: &Piece<'_>,
    redactor: &Redactor,
    reading: Reading,
    hypotheses: &[Hypothesis],
) -> Result<Found, GaveUp> {
    let mut all = Found::default();
    for hypothesis in hypotheses {
        let mut scan = Scan::new(redactor, *piece, Reading { unseen: Some(hypothesis.closers), ..reading });
        scan.read(hypothesis.from..piece.bytes.len(), hypothesis.begins);
        scan.end(piece.bytes.len());
        let found = scan.finish()?;
        all.ends_in_secret |= found.ends_in_secret;
        all.edits.append(&found.edits);
    }
    all.edits.settle();
    Ok(all)
}

/// How the bytes of JSON that is in `level` strings may begin, and after how many of them.
fn ways_to_begin(bytes: &[u8], level: u8) -> impl Iterator<Item = (Begins, usize)> + use<> {
    // Before any other character it makes no difference whether there was a backslash.
    let escape = matches!(bytes.first(), Some(b'"' | b'\\')).then_some((Begins::AfterBackslash, 0));
    // The gap may have ended in an escape, and in one within it: what is left of `\u0022` is digits and no quote.
    let most = 4 * usize::from(level);
    let digits = bytes.iter().take(most).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let rest = (digits > 0).then_some((Begins::Outside, digits));
    [(Begins::Outside, 0), (Begins::InString, 0)].into_iter().chain(escape).chain(rest)
}

/// The ways to read the bytes that the grammar allows.
fn hypotheses(bytes: &[u8], level: u8) -> impl Iterator<Item = Hypothesis> + use<'_> {
    ways_to_begin(bytes, level).filter_map(|(begins, from)| {
        let mut grammar = Grammar::after_gap();
        for token in Tokens::new(bytes, from, begins) {
            let text = &bytes[token.start..token.end];
            let is_right = match token.kind {
                Kind::Bare => token.start == from || token.end == bytes.len() || is_literal(text),
                Kind::String { .. } => memchr(b'\n', text).is_none(),
                _ => true,
            };
            if !is_right || grammar.take(&token).is_err() {
                return None;
            }
        }
        let closers = grammar.may_end().then_some(grammar.unmatched);
        Some(Hypothesis { begins, from, closers, documents: grammar.documents + grammar.depth() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consistent(tail: &str) -> Vec<Begins> {
        hypotheses(tail.as_bytes(), 0).map(|hypothesis| hypothesis.begins).collect()
    }

    #[test]
    fn a_tail_in_a_string_is_told_from_one_outside() {
        assert_eq!(consistent(r#"lo, world", "a": 1}"#), [Begins::InString]);
        assert_eq!(consistent(r#", "a": "b", "c": [1]}"#), [Begins::Outside]);
    }

    #[test]
    fn a_quote_at_the_start_may_be_escaped() {
        let after_escape = consistent(r#"" he said", "a": 1}"#);
        assert!(after_escape.contains(&Begins::AfterBackslash), "{after_escape:?}");
    }

    #[test]
    fn what_is_left_of_an_escape_may_stand_before_a_token() {
        let json = r#"22: "a", "b": 1}"#;
        assert_eq!(hypotheses(json.as_bytes(), 0).count(), 0);
        let after_digits: Vec<usize> =
            hypotheses(json.as_bytes(), 1).map(|hypothesis| hypothesis.from).collect();
        assert_eq!(after_digits, [2]);
    }

    #[test]
    fn prose_is_no_tail_of_json() {
        assert_eq!(consistent(r#"and she said "no", and "yes" again"#), []);
    }

    #[test]
    fn every_end_of_a_document_is_read_in_the_right_way_among_others() {
        let json = r#"{"a": ["b\"c", 12, {"c": "d, e: f"}, [null, "e\\"]], "f": {"g": true}}"#;
        let mut in_string = false;
        let mut after_backslash = false;
        for (at, byte) in json.bytes().enumerate() {
            let expected = match (in_string, after_backslash) {
                (_, true) if matches!(byte, b'"' | b'\\') => Begins::AfterBackslash,
                (true, _) => Begins::InString,
                (false, _) => Begins::Outside,
            };
            assert!(consistent(&json[at..]).contains(&expected), "{expected:?}: {}", &json[at..]);
            in_string ^= byte == b'"' && !after_backslash;
            after_backslash = byte == b'\\' && !after_backslash;
        }
    }
}
