//! Own regular expressions: whether they can be taken.
//!
//! The exporter runs them, with the `regex` crate, whose time is linear. Here, where an app must not be handed what the
//! exporter would then refuse, their syntax is read, and their size measured.

use regex_syntax::{
    ParserBuilder,
    hir::{Class, Hir, HirKind},
};

/// Longest expression, in bytes.
const LONGEST: usize = 1000;
/// Groups in groups.
const DEEPEST: u32 = 50;
/// States that an expression may come to, repetitions written out.
const LARGEST: usize = 10_000;

/// Whether the exporter can run it.
///
/// # Errors
///
/// The rule that it breaks, in words.
pub(crate) fn check(expression: &str) -> Result<(), String> {
    if !(1..=LONGEST).contains(&expression.len()) {
        return Err(format!("must be a regular expression of 1 to {LONGEST} bytes"));
    }
    let parsed =
        ParserBuilder::new().unicode(false).utf8(false).nest_limit(DEEPEST).build().parse(expression);
    let hir = parsed.map_err(|error| format!("must be a regular expression: {}", in_short(&error)))?;
    if hir.properties().minimum_len().is_none_or(|least| least == 0) {
        return Err("must be a regular expression that does not match nothing at all".to_owned());
    }
    let looks = hir.properties().look_set();
    if looks.contains_anchor() {
        return Err("must be a regular expression without ^ and $: it is looked for within texts".to_owned());
    }
    if size(&hir) > LARGEST {
        return Err("must be a smaller regular expression: its repetitions come to too much".to_owned());
    }
    Ok(())
}

/// The library's errors are drawings of several lines; the last says what is wrong.
fn in_short(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        _ => "it cannot be read".to_owned(),
    }
}

/// States of its automaton, about. As deep as [`DEEPEST`] at most.
fn size(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len(),
        HirKind::Class(Class::Unicode(class)) => class.ranges().len().saturating_mul(4),
        HirKind::Capture(capture) => size(&capture.sub).saturating_add(2),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(size).fold(1, usize::saturating_add)
        }
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            size(&repetition.sub).saturating_mul(times as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_the_exporter_can_run_is_taken() {
        for good in ["EMP-[0-9]{6}", "(?i)secret: *[^ ]+", r"\bfoo\b", "a|bc", "é+"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_it_cannot_run_is_refused_with_the_reason() {
        for (bad, reason) in [
            ("", "1 to 1000 bytes"),
            ("(", "unclosed group"),
            ("a*", "does not match nothing"),
            ("(a{100}){101}", "smaller"),
            ("((((a{1000}){1000}){1000}){1000})", "smaller"),
            (r"(a)\1", "backreferences"),
            ("^EMP-[0-9]$", "without ^ and $"),
            (r"(?m)x$", "without ^ and $"),
            (r"\p{Greek}", "Unicode"),
        ] {
            let error = check(bad).expect_err(bad);
            assert!(error.contains(reason), "{bad}: {error}");
        }
        assert!(check(&"(".repeat(900)).is_err());
        assert!(check(&"a".repeat(1001)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused(text in "[a-z(){}\\[\\]|*+?\\\\0-9,^$.]{0,40}") {
            let _ = check(&text);
        }
    }
}
