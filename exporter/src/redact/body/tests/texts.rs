//! Texts.

use offpath_core::mask::MaskKind;

use super::support::{captured, redactor, shown};

const KEY: &str = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD";

#[test]
fn secrets_are_masked_and_counted() {
    let text = format!("one EMP-123456, two {KEY}.");
    let shown = shown(captured(text.as_bytes(), 1000, 0), "text/plain", &redactor(MaskKind::Redact));
    assert_eq!(shown.head, "one [redacted], two [redacted].");
    assert_eq!((shown.treated.masked, shown.treated.kept), (2, text.len() as u64));
    assert!(!shown.treated.json);
}

#[test]
fn a_text_without_secrets_stays_as_it_is() {
    let text = "nothing to see ".repeat(10);
    let shown = shown(captured(text.as_bytes(), 1000, 0), "text/plain", &redactor(MaskKind::Redact));
    assert_eq!(shown.head, text);
}

#[test]
fn a_secret_that_the_limit_cuts_is_masked_whole() {
    let text = format!("{}EMP-123456{}", "word ".repeat(20), " word".repeat(1000));
    for head in 95..115 {
        let shown = shown(captured(text.as_bytes(), head, 0), "text/plain", &redactor(MaskKind::Redact));
        assert!(!shown.head.contains("EMP"), "{}", shown.head);
        assert_eq!(shown.head.contains("[redacted]"), head > 100, "{head}: {}", shown.head);
    }
}

#[test]
fn a_run_that_goes_on_beyond_all_that_is_there_is_masked() {
    let token = "aB3-".repeat(1000);
    let text = format!("before {token} after");
    let shown = shown(captured(text.as_bytes(), 100, 100), "text/plain", &redactor(MaskKind::Redact));
    assert_eq!((shown.head.as_str(), shown.tail.as_str()), ("before [redacted]", "[redacted] after"));
}

#[test]
fn head_and_tail_end_and_begin_with_whole_characters() {
    let text = "äöü€😀 ".repeat(1000);
    for limit in 20..40 {
        let shown = shown(captured(text.as_bytes(), limit, limit), "text/plain", &redactor(MaskKind::Redact));
        let bytes = shown.head.len() + shown.tail.len();
        assert!(!shown.head.contains('\u{fffd}') && !shown.tail.contains('\u{fffd}'), "{shown:?}");
        assert_eq!(shown.treated.kept, bytes as u64);
        assert!(bytes > 2 * limit - 8, "{shown:?}");
    }
}

#[test]
fn what_is_captured_between_head_and_tail_is_left_out() {
    let text = "0123456789".repeat(30);
    let shown = shown(captured(text.as_bytes(), 100, 50), "text/plain", &redactor(MaskKind::Redact));
    assert_eq!((shown.head.len(), shown.tail.len(), shown.treated.kept), (100, 50, 150));
}
