//! The end of JSON, after a gap.
//!
//! Whether it begins inside a string is not known, so each way to read it is tried against the grammar over all of it. Mostly
//! one is left. If several are, or none is, as the body was no whole JSON, what any of them finds is masked.
//!
//! Which keys its first values are under is not known either. A value whose key was not seen is masked if
//!
//! - the gap ends right before it, or after the first part of its key;
//! - it is a string of more than 8 characters in an array that the gap goes into: it may be one of several secrets under one
//!   key. Numbers there stay: they are mostly vectors;
//! - `mask_unknown` is set. Then so is each value whose path is not known, as it is in what was opened before the gap. It is
//!   known of what is between the last two closers that close nothing: that is the document itself, and its keys are there.
//!
//! A string that the gap goes into loses only what may be the half of a secret, as any text does; see [`super::super::piece`].

use memchr::memchr;

use super::{
    grammar::{Grammar, is_literal},
    scan::{Found, Reading, Scan},
    token::{Begins, Kind, Tokens},
};
use crate::redact::{Redactor, finder::GaveUp, piece::Piece};

/// One way to read the bytes: where they begin, and how much of what was open before is closed by the end, if all is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hypothesis {
    begins: Begins,
    closers: Option<usize>,
}

/// Finds what is to be masked.
pub(super) fn mask(piece: &Piece<'_>, redactor: &Redactor, reading: Reading) -> Result<Found, GaveUp> {
    let consistent: Vec<Hypothesis> = hypotheses(piece.bytes).collect();
    if !consistent.is_empty() {
        return mask_by_any(piece, redactor, reading, &consistent);
    }
    let all = ways_to_begin(piece.bytes).map(|begins| Hypothesis { begins, closers: None });
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
    let consistent: Vec<Hypothesis> =
        if memchr(b'"', piece.bytes).is_some() { hypotheses(piece.bytes).collect() } else { Vec::new() };
    if consistent.is_empty() {
        return Ok(None);
    }
    mask_by_any(piece, redactor, reading, &consistent).map(Some)
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
        scan.read(0..piece.bytes.len(), hypothesis.begins);
        scan.end(piece.bytes.len());
        let found = scan.finish()?;
        all.ends_in_secret |= found.ends_in_secret;
        all.edits.append(&found.edits);
    }
    all.edits.settle();
    Ok(all)
}

fn ways_to_begin(bytes: &[u8]) -> impl Iterator<Item = Begins> + use<> {
    // Before any other character it makes no difference whether there was a backslash.
    let escape = matches!(bytes.first(), Some(b'"' | b'\\')).then_some(Begins::AfterBackslash);
    [Begins::Outside, Begins::InString].into_iter().chain(escape)
}

/// The ways to read the bytes that the grammar allows.
fn hypotheses(bytes: &[u8]) -> impl Iterator<Item = Hypothesis> + use<'_> {
    ways_to_begin(bytes).filter_map(|begins| {
        let mut grammar = Grammar::after_gap();
        for token in Tokens::new(bytes, 0, begins) {
            let text = &bytes[token.start..token.end];
            let is_right = match token.kind {
                Kind::Bare => token.start == 0 || token.end == bytes.len() || is_literal(text),
                Kind::String { .. } => memchr(b'\n', text).is_none(),
                _ => true,
            };
            if !is_right || grammar.take(&token).is_err() {
                return None;
            }
        }
        Some(Hypothesis { begins, closers: grammar.may_end().then_some(grammar.unmatched) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consistent(tail: &str) -> Vec<Begins> {
        hypotheses(tail.as_bytes()).map(|hypothesis| hypothesis.begins).collect()
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
