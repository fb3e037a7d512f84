//! The beginnings of what was said to a model, a span or a service, and of what came back.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::Value;

use super::row::{Preview, Row};

/// In lists.
pub(crate) const SHORT: usize = 300;

/// In conversations.
pub(crate) const LONG: usize = 4_000;

/// JSON that is larger is not looked into: a page of fifty would take longer than people wait.
const MOST_JSON: i64 = 1 << 20;

// `octet_length` needs no text to be read, which `length` does.
const JSON: &str = "SELECT json FROM events WHERE seq = ?1 AND octet_length(json) <= ?2";

/// Adds previews of so many characters.
pub(crate) fn add(store: &Connection, rows: &mut [Row], length: usize) -> rusqlite::Result<()> {
    let mut select = store.prepare_cached(JSON)?;
    for row in rows {
        let json: Option<String> = select.query_row([row.seq, MOST_JSON], |row| row.get(0)).optional()?;
        let event = json.and_then(|json| serde_json::from_str(&json).ok());
        row.preview = event.map(|event| preview(&event, length));
    }
    Ok(())
}

fn preview(event: &Value, length: usize) -> Preview {
    let said = |what: &str, message: &str, whose: fn(&Value) -> Option<String>| {
        let told = whose(&event["llm"][what]).or_else(|| kept(&event[what]));
        let text = told.or_else(|| kept(&event[message]["body"]))?;
        Some(beginning(&text, length))
    };
    Preview { input: said("input", "request", last), output: said("output", "response", first) }
}

fn last(messages: &Value) -> Option<String> {
    messages.as_array()?.iter().rev().find_map(message)
}

fn first(messages: &Value) -> Option<String> {
    messages.as_array()?.iter().find_map(message)
}

/// What a message says: its text, or the tools that it calls.
fn message(message: &Value) -> Option<String> {
    let content = match &message["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    };
    if !content.trim().is_empty() {
        return Some(content);
    }
    let calls = message["tool_calls"].as_array()?.iter().map(|call| {
        let [name, arguments] =
            ["name", "arguments"].map(|key| call["function"][key].as_str().unwrap_or_default());
        format!("{name}({arguments})")
    });
    let calls = calls.collect::<Vec<_>>().join("\n");
    (!calls.is_empty()).then_some(calls)
}

/// What was kept of a span's input or output, or of a body.
fn kept(body: &Value) -> Option<String> {
    let head = body["head"].as_str().filter(|head| !head.is_empty() && body["encoding"] == "utf-8")?;
    // A text that is JSON reads better without its quotes.
    Some(serde_json::from_str::<String>(head).unwrap_or_else(|_| head.to_owned()))
}

fn beginning(text: &str, length: usize) -> String {
    let text = text.trim();
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(event: &Value) -> [Option<String>; 2] {
        let preview = preview(event, 12);
        [preview.input, preview.output]
    }

    #[test]
    fn of_a_conversation_it_is_what_was_said_last_and_what_was_answered_first() {
        let event = json!({"llm": {
            "input": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "How is"}, {"type": "image"}, {"type": "text", "text": "it?"}]},
            ],
            "output": [{"role": "assistant", "content": "It is as it always was."}],
        }});
        assert_eq!(told(&event), [Some("How is\nit?".to_owned()), Some("It is as it …".to_owned())]);
    }

    #[test]
    fn an_answer_without_words_is_the_tools_that_it_calls() {
        let call =
            json!({"id": "1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}});
        let event = json!({"llm": {"input": [], "output": [{"role": "assistant", "content": null, "tool_calls": [call]}]}});
        assert_eq!(told(&event), [None, Some("f({\"a\":1})".to_owned())]);
    }

    #[test]
    fn of_a_span_it_is_what_went_in_and_came_out() {
        let body = |head: &str| json!({"size": 9, "kept": 9, "head": head, "tail": "", "encoding": "utf-8"});
        let event = json!({"llm": null, "input": body("\"a text\""), "output": body("{\"a\": 1}")});
        assert_eq!(told(&event), [Some("a text".to_owned()), Some("{\"a\": 1}".to_owned())]);
    }

    #[test]
    fn of_any_other_exchange_it_is_what_its_bodies_begin_with() {
        let body = json!({"body": {"head": "{\"question\": 1}", "encoding": "utf-8"}});
        let binary = json!({"body": {"head": "AAAA", "encoding": "base64"}});
        let event = json!({"llm": null, "request": body, "response": binary});
        assert_eq!(told(&event), [Some("{\"question\":…".to_owned()), None]);
    }

    #[test]
    fn what_has_neither_has_none() {
        for event in
            [json!({}), json!({"llm": null}), json!({"llm": {"input": 7, "output": [8]}, "input": null})]
        {
            assert_eq!(told(&event), [None, None], "{event}");
        }
    }
}
