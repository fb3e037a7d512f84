//! Streams: server-sent events, lines of JSON, messages.

use offpath_core::mask::MaskKind;
use serde_json::json;

use super::support::{Shown, captured, redactor, shown};

const KEY: &str = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD";

fn event(delta: &str) -> String {
    let choice = json!({ "index": 0, "delta": { "content": delta } });
    let chunk = json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [choice] });
    format!("data: {chunk}\n\n")
}

fn parts(text: &str, length: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(length).map(|part| event(&part.iter().collect::<String>())).collect()
}

fn stream(text: &str, head: usize, tail: usize) -> Shown {
    shown(captured(text.as_bytes(), head, tail), "text/event-stream", &redactor(MaskKind::Redact))
}

/// What the deltas say together.
fn said(shown: &str) -> String {
    let events = shown.lines().filter_map(|line| line.strip_prefix("data: "));
    let documents = events.filter_map(|data| serde_json::from_str::<serde_json::Value>(data).ok());
    documents
        .map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_secret_in_one_event_is_masked() {
    let shown = stream(&event("my key is EMP-123456"), 10_000, 0);
    assert_eq!(shown.head, event("my key is [redacted]"));
}

#[test]
fn a_secret_over_several_events_is_masked_in_the_first() {
    for length in 1..9 {
        let text = format!("{}data: [DONE]\n\n", parts(&format!("my key is {KEY}, keep it"), length));
        let shown = stream(&text, 100_000, 0);
        assert_eq!(said(&shown.head), "my key is [redacted], keep it");
        assert!(shown.head.ends_with("data: [DONE]\n\n"));
    }
}

#[test]
fn arguments_that_come_in_parts_are_read_as_json() {
    let arguments = r#"{"user": "ann", "password": "hunter2 and more", "n": 1}"#;
    for length in 1..9 {
        let shown = stream(&parts(arguments, length), 100_000, 0);
        let said: serde_json::Value = serde_json::from_str(&said(&shown.head)).expect("JSON");
        assert_eq!(said, json!({ "user": "ann", "password": "[redacted]", "n": 1 }), "{length}");
    }
}

#[test]
fn streams_with_another_index_are_other_texts() {
    let part =
        |index: u8, text: &str| format!("data: {}\n\n", json!({ "a": { "index": index, "text": text } }));
    let text = ["EMP-", "card ", "123", "4111 1111 1111 ", "456", "1111"];
    let text: String =
        text.iter().zip([0, 1].into_iter().cycle()).map(|(text, index)| part(index, text)).collect();
    let shown = stream(&text, 10_000, 0);
    assert!(!shown.head.contains("123") && !shown.head.contains("111"), "{}", shown.head);
    assert_eq!(shown.treated.masked, 2);
}

#[test]
fn data_that_is_text_is_read_as_one() {
    let shown = stream("data: EMP-\n\ndata: 123\n\ndata: 456 ok\n\n", 1000, 0);
    assert_eq!(shown.head, "data: [redacted]\n\ndata: \n\ndata:  ok\n\n");
}

#[test]
fn data_of_several_lines_is_one_document() {
    let shown = stream("data: {\"password\":\ndata: \"x\", \"a\": [\ndata: 1]}\n\n", 1000, 0);
    assert_eq!(shown.head, "data: {\"password\":\ndata: \"[redacted]\", \"a\": [\ndata: 1]}\n\n");
}

#[test]
fn a_stream_is_cut_between_events() {
    let text = parts(&"word ".repeat(200), 5);
    let shown = stream(&text, 1000, 1000);
    assert!(shown.head.ends_with("\n\n") && shown.tail.starts_with("data: {"), "{shown:?}");
    assert!(shown.head.len() > 800 && shown.tail.len() > 800, "{shown:?}");
    assert_eq!(shown.treated.kept, (shown.head.len() + shown.tail.len()) as u64);
}

#[test]
fn the_beginning_of_a_secret_that_goes_into_the_gap_is_masked() {
    let text = format!("{}{}", parts(&format!("my key is {KEY}"), 3), parts(" and more words", 5).repeat(20));
    let start = text.find("sk").expect("it is there");
    for head in (start..start + 3000).step_by(100) {
        let shown = stream(&text, head, 100);
        assert!(!said(&shown.head).contains("sk-pr"), "{}", said(&shown.head));
        assert!(shown.head.contains("chat.completion.chunk"), "names stay");
    }
}

#[test]
fn the_end_of_a_secret_that_comes_from_the_gap_is_masked() {
    let text = format!("{}{}", event("words ").repeat(40), parts(&format!("{KEY}, and more"), 1));
    for tail in (2000..9000).step_by(100) {
        let shown = stream(&text, 100, tail);
        let said = said(&shown.tail);
        assert!(!said.contains("789ABCD"), "{said}");
        assert!(said.ends_with(", and more"), "{said}");
    }
}

#[test]
fn lines_of_json_are_a_stream_too() {
    let lines: String = ["EM", "P-12", "3456 ok"]
        .iter()
        .map(|text| format!("{}\n", json!({ "message": { "content": text } })))
        .collect();
    let expected = ["[redacted]", "", " ok"]
        .map(|text| format!("{{\"message\":{{\"content\":\"{text}\"}}}}\n"))
        .concat();
    for content_type in ["application/x-ndjson", "application/json"] {
        let shown = shown(captured(lines.as_bytes(), 1000, 0), content_type, &redactor(MaskKind::Redact));
        assert_eq!(shown.head, expected);
    }
}

#[test]
fn a_secret_container_that_goes_through_the_gap_in_one_event_is_masked() {
    let members: String = (0..5000).map(|number| format!("\"k{number}\": \"v{number}\", ")).collect();
    let text = format!("data: {{\"credentials\": {{{members}\"z\": \"hunter2\"}}}}\n\n");
    let in_lines = text.replace(", ", ",\ndata: ");
    for text in [text, in_lines] {
        let shown = stream(&text, 1000, 1000);
        assert!(!shown.tail.contains("hunter2") && !shown.tail.contains("v4999"), "{shown:?}");
    }
}

#[test]
fn json_outside_of_data_is_masked_by_its_keys() {
    let members = r#"{"password": "hunter2"}"#;
    for text in [
        format!("event: {members}\n\n"),
        format!(": {members}\n\n"),
        format!("data: x {members}\n\n"),
        format!(" data: {members}\n\n"),
        format!("\u{feff}data: {members}\n\n"),
        format!("{members}\n"),
        "{\n  \"error\": 1,\n  \"password\": {\n    \"a\": \"hunter2\"\n  }\n}".to_owned(),
    ] {
        let shown = stream(&text, 1000, 0);
        assert!(!shown.head.contains("hunter2") && shown.head.contains("[redacted]"), "{shown:?}");
    }
}

#[test]
fn of_a_stream_without_blanks_no_more_is_masked_than_a_secret_is_long() {
    let text: String = (1000..9000).map(|number| format!("data: {number}\n\n")).collect();
    let shown = stream(&text, 20_000, 20_000);
    assert!(shown.head.contains("data: 1100\n") && shown.tail.contains("data: 8900\n"), "{shown:?}");
}

#[test]
fn a_key_that_is_escaped_names_the_same_text() {
    let text = "data: {\"delta\": {\"content\": \"EMP-12\"}}\n\ndata: {\"delta\": {\"\\u0063ontent\": \"3456\"}}\n\n";
    let shown = stream(text, 1000, 0);
    assert!(!shown.head.contains("EMP-12"), "{shown:?}");
}
