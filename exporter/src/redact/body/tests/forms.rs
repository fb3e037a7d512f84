//! Forms.

use offpath_core::mask::MaskKind;

use super::support::{captured, redactor, shown};

const FORM: &str = "application/x-www-form-urlencoded";

fn redacted(form: &str, kind: MaskKind) -> String {
    shown(captured(form.as_bytes(), form.len(), 0), FORM, &redactor(kind)).head
}

#[test]
fn values_of_secret_parameters_are_masked() {
    assert_eq!(
        redacted("a=1&token=x&%70in=2&Api-Key=y&b", MaskKind::Redact),
        "a=1&token=[redacted]&%70in=[redacted]&Api-Key=[redacted]&b"
    );
}

#[test]
fn secret_parameters_can_be_dropped() {
    assert_eq!(redacted("a=1&token=x&b=2", MaskKind::Drop), "a=1&b=2");
    assert_eq!(redacted("token=x&pin=y&b=2", MaskKind::Drop), "b=2");
    assert_eq!(redacted("token=x", MaskKind::Drop), "");
}

#[test]
fn secrets_in_values_are_found_without_their_escapes() {
    assert_eq!(redacted("a=x+EMP%2D123456+y&b=c", MaskKind::Redact), "a=x+[redacted]+y&b=c");
}

#[test]
fn secrets_in_names_are_found_too() {
    assert_eq!(redacted("a EMP-123456=1&b", MaskKind::Redact), "a [redacted]=1&b");
}

#[test]
fn json_in_a_value_is_treated_as_such() {
    assert_eq!(
        redacted("payload=%7B%22password%22%3A%22x%22%7D&b=c", MaskKind::Redact),
        "payload=%7B%22password%22%3A%22[redacted]%22%7D&b=c"
    );
}

#[test]
fn a_parameter_that_the_gap_ends_in_is_masked() {
    let form = format!("a={}&b=c", "word+".repeat(1000));
    let shown = shown(captured(form.as_bytes(), 10, 20), FORM, &redactor(MaskKind::Redact));
    assert_eq!(shown.tail, "[redacted]&b=c");
}
