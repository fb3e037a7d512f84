//! What bad bodies cost, counted in bytes that are read: a few times as many as there are, however long they are.

use offpath_core::mask::MaskKind;

use super::support::{captured, shown, with_json};
use crate::redact::json::READ;

/// A body is read as a whole, again if it is broken, and once more to be shown; so is JSON in strings, and each of the ways
/// in which what comes after a gap may be read.
const MOST: usize = 60;

fn is_linear(content_type: &str, bytes: &[u8]) {
    for (head, tail) in [(bytes.len(), 0), (bytes.len() / 2 - 2000, 100), (100, bytes.len() / 2 - 2000)] {
        READ.set(0);
        shown(captured(bytes, head, tail), content_type, &with_json(MaskKind::Redact));
        let read = READ.get();
        assert!(
            read <= MOST * bytes.len(),
            "{read} of {}: {}",
            bytes.len(),
            String::from_utf8_lossy(&bytes[..40])
        );
    }
}

#[test]
fn the_cost_of_bad_json_grows_with_its_length() {
    const LENGTH: usize = 1 << 18;
    let quoted = |text: &str| serde_json::to_string(text).expect("JSON");
    let in_strings = |part: &str| quoted(&quoted(&quoted(&part.repeat(1000)))).repeat(10);
    for part in [
        "[",
        "{",
        "\"",
        "\\",
        "]",
        "{\"a\":",
        "[[{\"",
        "\"[\\\"",
        "{\"pin\":[",
        "\"pin\":",
        ",",
        "1",
        "-",
        "e\"a\": {\"b",
        "\\u0022",
        "{}\n",
        "\"{\\\"a\\\": 1",
        "[\"[\\\"[\",",
    ] {
        is_linear("application/json", part.repeat(LENGTH / part.len()).as_bytes());
        is_linear("application/json", format!("[{}", in_strings(part)).as_bytes());
        is_linear("text/event-stream", format!("data: {part}\n\n").repeat(LENGTH / 16).as_bytes());
        is_linear(
            "text/event-stream",
            format!("data: [\"{}\"]\n\n", part.replace('"', "'")).repeat(LENGTH / 16).as_bytes(),
        );
    }
}

#[test]
fn a_number_of_a_megabyte_is_read_once_and_shown_in_part() {
    let text = format!("[{}]", "7".repeat(1 << 20));
    is_linear("application/json", text.as_bytes());
    let shown =
        shown(captured(text.as_bytes(), text.len(), 0), "application/json", &with_json(MaskKind::Redact));
    assert_eq!(shown.head, format!(r#"["{}… (+1048512 characters)"]"#, "7".repeat(64)));
}
