//! JSON.

use offpath_core::{
    mask::MaskKind,
    treatment::{Identity, JsonField},
};
use serde_json::Value;

use super::support::{captured, described, json, redactor, shown, with_json};
use crate::redact::{JsonLimits, Redactor, body::treat};

fn redacted(text: &str) -> String {
    json(text, &redactor(MaskKind::Redact))
}

#[test]
fn values_of_secret_keys_are_masked_at_any_depth() {
    assert_eq!(
        redacted(r#"{"a": [{"Api-Key": "x", "password": 12, "secret": true, "pin": null}], "b": 1}"#),
        r#"{"a": [{"Api-Key": "[redacted]", "password": "[redacted]", "secret": "[redacted]", "pin": null}], "b": 1}"#
    );
}

#[test]
fn keys_are_compared_without_their_escapes() {
    assert_eq!(
        redacted(r#"{"pass\u0077ord": "x", "\u0061pi_key": "y"}"#),
        r#"{"pass\u0077ord": "[redacted]", "\u0061pi_key": "[redacted]"}"#
    );
}

#[test]
fn a_container_under_a_secret_key_is_masked_as_a_whole() {
    assert_eq!(
        redacted(r#"{"credentials": {"a": ["}", {"b": 1}]}, "c": 2}"#),
        r#"{"credentials": "[redacted]", "c": 2}"#
    );
}

#[test]
fn each_of_duplicate_keys_counts() {
    assert_eq!(redacted(r#"{"pin": 1, "pin": "2"}"#), r#"{"pin": "[redacted]", "pin": "[redacted]"}"#);
}

#[test]
fn what_is_dropped_goes_with_its_comma() {
    let drop = redactor(MaskKind::Drop);
    for (text, expected) in [
        (r#"{"pin": 1, "a": 2}"#, r#"{ "a": 2}"#),
        (r#"{"a": 2, "pin": "x"}"#, r#"{"a": 2}"#),
        (r#"{"a": 2, "pin": {"b": [1]}, "c": 3}"#, r#"{"a": 2, "c": 3}"#),
        (r#"{"pin": 1, "password": [2], "a": 3}"#, r#"{  "a": 3}"#),
        (r#"{"pin": 1, "password": 2}"#, r#"{ }"#),
        (r#"{"a": "EMP-123456 x", "b": 4111111111111111}"#, r#"{"a": " x", "b": ""}"#),
    ] {
        let shown = json(text, &drop);
        assert_eq!(shown, expected);
        serde_json::from_str::<Value>(&shown).expect("JSON");
    }
}

#[test]
fn secrets_in_strings_are_found_without_their_escapes() {
    assert_eq!(redacted(r#"{"a": "x\nEMP-1\u0032\u0033456\ty"}"#), r#"{"a": "x\n[redacted]\ty"}"#);
    assert_eq!(redacted(r#"["EMP\u002d123456", "é EMP-123456"]"#), r#"["[redacted]", "é [redacted]"]"#);
}

#[test]
fn a_number_that_is_a_secret_becomes_a_string() {
    assert_eq!(redacted(r#"{"card": 4111111111111111, "n": 12}"#), r#"{"card": "[redacted]", "n": 12}"#);
}

#[test]
fn secrets_in_keys_are_found_too() {
    assert_eq!(redacted(r#"{"EMP-123456": 1}"#), r#"{"[redacted]": 1}"#);
}

#[test]
fn hashes_are_of_what_a_value_says() {
    let hash = redactor(MaskKind::Hash);
    let plain = json(r#"{"pin": "abc"}"#, &hash);
    assert_eq!(plain, json(r#"{"pin": "\u0061bc"}"#, &hash));
    assert!(plain.starts_with(r#"{"pin": "[redacted:"#), "{plain}");
}

#[test]
fn json_in_strings_is_treated_too() {
    let inner = r#"{"password": "x", "a": ["EMP-123456"]}"#;
    let outer = serde_json::json!({ "arguments": inner, "deeper": serde_json::json!([inner]).to_string() });
    let shown: Value = serde_json::from_str(&redacted(&outer.to_string())).expect("JSON");
    let expected = r#"{"password": "[redacted]", "a": ["[redacted]"]}"#;
    assert_eq!(shown["arguments"], expected);
    assert_eq!(shown["deeper"], serde_json::json!([expected]).to_string());
}

#[test]
fn a_value_that_the_end_of_the_body_cuts_is_masked() {
    let hash = redactor(MaskKind::Hash);
    assert_eq!(json(r#"{"pin": "abc"#, &hash), r#"{"pin": "[redacted]""#);
    assert_eq!(json(r#"{"pin": {"a": "abc"#, &hash), r#"{"pin": "[redacted]""#);
}

#[test]
fn a_missing_quote_does_not_hide_a_key() {
    assert_eq!(
        redacted(r#"{"a": "b, "password": "x", "c": 1}"#),
        r#"{"a": "b, "password": "[redacted]", "c": 1}"#
    );
}

#[test]
fn broken_json_is_masked_by_its_keys_and_its_text() {
    let text = r#"{'a': EMP-123456, "pin": : "x" ]} "secret":"y""#;
    let shown = redacted(text);
    assert!(!shown.contains("EMP") && !shown.contains("\"y\""), "{shown}");
}

#[test]
fn documents_that_follow_each_other_are_read_each() {
    assert_eq!(
        redacted("{\"pin\": 1}\n{\"pin\": 2}\n"),
        "{\"pin\": \"[redacted]\"}\n{\"pin\": \"[redacted]\"}\n"
    );
}

#[test]
fn what_is_said_to_be_json_and_is_none_is_shown_as_text() {
    let shown =
        shown(captured(b"Bad gateway: EMP-123456", 100, 0), "application/json", &with_json(MaskKind::Redact));
    assert_eq!(shown.head, "Bad gateway: [redacted]");
    assert!(!shown.treated.json);
}

#[test]
fn within_limits_json_is_shown_as_json() {
    let limits = JsonLimits { max_string: Some(5), max_items: Some(2), max_depth: None };
    let redactor = Redactor { json: Some(limits), ..redactor(MaskKind::Redact) };
    let body = captured(br#"{"a": "long string", "b": [1, 2, 3], "pin": 1}"#, 100, 0);
    let shown = shown(body, "application/json", &redactor);
    assert_eq!(shown.head, r#"{"a":"long … (+6 characters)","b":[1,2,"… 1 more item"],"…":"1 more"}"#);
    assert!(shown.treated.json);
    assert_eq!((shown.treated.masked, shown.treated.cut), (1, 3));
}

#[test]
fn a_head_that_is_cut_is_closed_and_says_how_much_is_left_out() {
    let text = format!(r#"{{"a": [1, 2], "pin": "{}", "b": "{}"}}"#, "x".repeat(300), "y ".repeat(3000));
    let shown = shown(captured(text.as_bytes(), 100, 50), "application/json", &with_json(MaskKind::Redact));
    let head: Value = serde_json::from_str(&shown.head).expect("JSON");
    assert_eq!(head["pin"], "[redacted]");
    assert_eq!(head["…"], format!("{} bytes left out", text.len() as u64 - shown.treated.kept));
    assert!(shown.treated.json && shown.tail.is_empty(), "{shown:?}");
}

#[test]
fn what_is_whole_at_the_end_of_a_document_follows_what_is_left_out() {
    let words = "word ".repeat(1000);
    let end = r#""pin": "1234", "usage": {"total": 9}}"#;
    for start in [r#"{"a": [""#, r#"{"first": 1, "a": [""#] {
        let text = format!(r#"{start}{words}", "{words}"], {end}"#);
        let shown =
            shown(captured(text.as_bytes(), 20, 60), "application/json", &with_json(MaskKind::Redact));
        let head: Value = serde_json::from_str(&shown.head).expect("JSON");
        assert_eq!((&head["pin"], &head["usage"]["total"]), (&"[redacted]".into(), &9.into()), "{shown:?}");
        assert_eq!(head["…"], format!("{} bytes left out", text.len() as u64 - shown.treated.kept));
        assert_eq!((shown.tail.as_str(), shown.treated.masked, shown.treated.json), ("", 1, true));
    }
}

#[test]
fn in_a_tail_values_go_by_their_nearest_key() {
    let text = format!(
        r#"{{"a": "{}", "pin": "1234", "b": {{"password": [1, 2], "c": "d"}}}}"#,
        "word ".repeat(1000)
    );
    let shown = shown(captured(text.as_bytes(), 100, 80), "application/json", &redactor(MaskKind::Redact));
    assert!(
        shown.tail.ends_with(r#"word ", "pin": "[redacted]", "b": {"password": "[redacted]", "c": "d"}}"#),
        "{shown:?}"
    );
}

#[test]
fn in_a_tail_what_is_not_known_is_masked_if_that_is_asked_for() {
    let text = format!(
        r#"{{"a": [{{"b": "{}", "c": "d", "e": 1}}], "f": "g", "h": {{"i": "j"}}}}"#,
        "word ".repeat(1000)
    );
    let redactor = Redactor { mask_unknown: true, ..redactor(MaskKind::Redact) };
    let shown = shown(captured(text.as_bytes(), 100, 80), "application/json", &redactor);
    assert_eq!(
        shown.tail,
        r#"[redacted]", "c": "[redacted]", "e": "[redacted]"}], "f": "g", "h": {"i": "j"}}"#.replacen(
            "[redacted]\"",
            "\"[redacted]\"",
            1
        )
    );
}

#[test]
fn after_a_secret_that_goes_into_the_gap_nothing_unknown_is_shown() {
    let text = format!(
        r#"{{"credentials": {{"a": "{}", "user": "root", "x": [7, 8]}}, "b": "c"}}"#,
        "word ".repeat(1000)
    );
    let shown = shown(captured(text.as_bytes(), 100, 60), "application/json", &redactor(MaskKind::Redact));
    assert!(
        !shown.tail.contains("root") && !shown.tail.contains("word") && shown.tail.ends_with("\"b\": \"c\"}"),
        "{shown:?}"
    );
}

#[test]
fn strings_of_an_array_whose_key_is_in_the_gap_are_masked() {
    let text = format!(r#"{{"keys": [{}"first-secret-1"], "b": "c"}}"#, r#""other-secret-2", "#.repeat(300));
    let shown = shown(captured(text.as_bytes(), 10, 40), "application/json", &redactor(MaskKind::Redact));
    assert!(!shown.tail.contains("secret") && shown.tail.ends_with("], \"b\": \"c\"}"), "{shown:?}");
}

#[test]
fn ten_thousand_levels_are_read() {
    let text = format!(r#"{}{{"pin": "x"}}{}"#, r#"{"a":["#.repeat(10_000), "]}".repeat(10_000));
    let shown = redacted(&text);
    assert!(shown.contains(r#"{"pin": "[redacted]"}"#));
    let shaped = json(&text, &with_json(MaskKind::Redact));
    serde_json::from_str::<Value>(&shaped).expect("JSON");
}

#[test]
fn a_request_says_whose_it_is() {
    let field = |path: &[&str]| JsonField {
        identity: Identity::User as i32,
        path: path.iter().map(|&key| key.into()).collect(),
    };
    let redactor = Redactor {
        identity: vec![field(&["user", "id"]), field(&["pin"]), field(&["n"])],
        ..redactor(MaskKind::Redact)
    };
    let mut body = captured(br#"{"user": {"id": "ann"}, "pin": "1", "n": 7}"#, 100, 0);
    let request = crate::redact::body::Described { is_request: true, ..described("application/json") };
    assert_eq!(treat(&mut body, &request, &redactor).identity, [(0, "ann".to_owned()), (2, "7".to_owned())]);
    let mut body = captured(br#"{"user": {"id": "ann"}}"#, 100, 0);
    assert_eq!(treat(&mut body, &described("application/json"), &redactor).identity, []);
}

#[test]
fn a_text_under_a_secret_key_that_is_longer_than_what_is_kept_is_masked_to_its_end() {
    let words = "word ".repeat(5000);
    for text in [
        format!(r#"{{"secret": "{words}hunter2 is his word"}}"#),
        format!(r#"{{"secret": "{words}hunter2 is his word", "n": 1}}"#),
        format!("{{\"secret\": \"{words}hunter2 is his word\"}}\n{{\"n\": 1}}\n"),
        format!(r#"[{{"secret": "{words}hunter2 is his word"}}]"#),
    ] {
        let shown =
            shown(captured(text.as_bytes(), 100, 100), "application/json", &redactor(MaskKind::Redact));
        assert!(!shown.tail.contains("word"), "{shown:?}");
    }
}

#[test]
fn what_is_written_as_the_value_of_a_secret_key_is_masked_to_the_next_comma() {
    for value in [
        r#"b"hunter2""#,
        r#"Secret("hunter2")"#,
        "'x hunter2'",
        "'x, hunter2'",
        r#"/* c */ "hunter2""#,
        r#": "hunter2""#,
        r#"{} "hunter2""#,
        r#"null hunter2"#,
    ] {
        let shown = redacted(&format!(r#"{{"a": 1, "password": {value}, "b": "c"}}"#));
        assert!(!shown.contains("hunter2") && shown.ends_with(r#", "b": "c"}"#), "{shown}");
    }
}

#[test]
fn a_byte_order_mark_hides_nothing() {
    let text = "\u{feff}{\"password\": \"x\", \"a\": \"\u{feff}{\\\"pin\\\": 1}\"}";
    for content_type in ["application/json", "text/plain", ""] {
        let shown = shown(captured(text.as_bytes(), 1000, 0), content_type, &with_json(MaskKind::Redact));
        assert_eq!(
            shown.head,
            "{\"password\":\"[redacted]\",\"a\":\"\u{feff}{\\\"pin\\\": \\\"[redacted]\\\"}\"}"
        );
    }
}

#[test]
fn json_that_a_string_has_within_other_text_is_masked_by_its_keys() {
    let text =
        serde_json::json!({ "content": "This is it:\n```json\n{\"password\": \"x\"}\n``` and that: \"a\"" })
            .to_string();
    let shown: Value = serde_json::from_str(&redacted(&text)).expect("JSON");
    assert_eq!(shown["content"], "This is it:\n```json\n{\"password\": \"[redacted]\"}\n``` and that: \"a\"");
}

#[test]
fn a_string_that_begins_with_a_quote_is_text_all_the_same() {
    for text in [r#"["\"so\" 4111 1111 1111 1111"]"#, "4111 1111 1111 1111", r#"["{} 4111 1111 1111 1111"]"#]
    {
        let shown = redacted(text);
        assert!(!shown.contains("1111"), "{shown}");
    }
}

#[test]
fn in_a_tail_json_in_a_string_is_read_although_it_is_broken() {
    for number in ["NaN", "-Infinity", "1.", "x"] {
        let inner =
            format!(r#"{{"text": "{}", "n": {number}, "password": "hunter2"}}"#, "word ".repeat(1000));
        let text = serde_json::json!({ "arguments": inner }).to_string();
        let shown =
            shown(captured(text.as_bytes(), 100, 200), "application/json", &redactor(MaskKind::Redact));
        assert!(!shown.tail.contains("hunter2"), "{shown:?}");
    }
}

#[test]
fn messages_are_read_as_json_whatever_stands_before_it() {
    let websocket = crate::redact::body::Described { websocket: true, ..described("") };
    let mut body = captured(b"hello42[\"x\",{\"password\": \"hunter2\"}]{\"pin\": 1}", 1000, 0);
    treat(&mut body, &websocket, &with_json(MaskKind::Redact));
    let shown = String::from_utf8_lossy(&body.head);
    assert_eq!(shown, "hello42[\"x\",{\"password\": \"[redacted]\"}]{\"pin\": \"[redacted]\"}");
}
