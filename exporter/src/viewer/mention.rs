//! Free text, looked for in the JSON of events as people see it there.
//!
//! In an event's JSON a quote is `\"`, and in a body that is JSON itself, `\\\"`; many clients write `Ø` as `\u00d8`. Somebody who
//! types a quote or a letter has seen what any of these stands for, or the JSON itself; so each of them is looked for.

use std::fmt::Write as _;

use aho_corasick::AhoCorasick;
use rusqlite::{CachedStatement, Connection};
use serde_json::Value;

use super::failure::Failure;

const JSON: &str = "SELECT json FROM events WHERE seq = ?1";

/// A text that events are to mention.
#[derive(Debug, Clone)]
pub(crate) struct Mention(AhoCorasick);

impl Mention {
    pub(crate) fn of(text: &str) -> Result<Self, Failure> {
        let in_json = [quoted(text), in_ascii(&quoted(text))];
        let in_body = in_json.clone().map(|form| quoted(&form));
        let mut forms: Vec<String> = [text.to_owned()].into_iter().chain(in_json).chain(in_body).collect();
        forms.sort();
        forms.dedup();
        let finder = AhoCorasick::builder().ascii_case_insensitive(true).build(forms);
        finder
            .map(Self)
            .map_err(|error| Failure::Asked(format!("q must be a text that can be looked for: {error}")))
    }

    fn is_in(&self, json: &str) -> bool {
        self.0.is_match(json)
    }
}

/// Looks into one event after the other.
pub(crate) struct Reader<'a> {
    mention: &'a Mention,
    select: CachedStatement<'a>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(store: &'a Connection, mention: &'a Mention) -> rusqlite::Result<Self> {
        Ok(Self { mention, select: store.prepare_cached(JSON)? })
    }

    /// Whether the event mentions it.
    pub(crate) fn finds(&mut self, seq: i64) -> rusqlite::Result<bool> {
        let mention = self.mention;
        self.select.query_row([seq], |row| Ok(mention.is_in(row.get_ref(0)?.as_str()?)))
    }
}

/// As it stands in a string of JSON.
fn quoted(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

/// As it stands in JSON of which all is ASCII: what Python's `json.dumps` writes.
fn in_ascii(quoted: &str) -> String {
    let mut ascii = String::with_capacity(quoted.len());
    for character in quoted.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentions(json: &Value, text: &str) -> bool {
        Mention::of(text).expect("a text").is_in(&json.to_string())
    }

    #[test]
    fn a_text_is_found_as_it_is_seen_whatever_json_makes_of_it() {
        let body = serde_json::json!({"content": "Say \"hi\"\n\tto Ærø \\o/"}).to_string();
        let event = serde_json::json!({"request": {"body": {"head": body}}, "name": "a \"name\""});
        for text in ["Say \"hi\"", "SAY", "\"hi\"\n\tto", "to Ærø", "\\o/", "\"content\":\"Say", "a \"name\""]
        {
            assert!(mentions(&event, text), "{text}");
        }
        for text in ["Say hi", "bye", "content: Say"] {
            assert!(!mentions(&event, text), "{text}");
        }
    }

    #[test]
    fn a_letter_that_a_client_wrote_as_its_number_is_found() {
        let body = r#"{"content": "to \u00c6r\u00D8, \ud83d\ude00 \"there\""}"#;
        let in_a_body = serde_json::json!({"request": {"body": {"head": body}}});
        let in_a_message: Value = serde_json::json!({"input": "IT"});
        let in_a_message = in_a_message.to_string().replace("\"IT\"", &format!("[{body}]"));
        for text in ["ÆrØ", "to Ær", "😀", "😀 \"there\""] {
            assert!(mentions(&in_a_body, text), "{text}");
            assert!(Mention::of(text).expect("a text").is_in(&in_a_message), "{text}");
        }
        assert!(!mentions(&in_a_body, "Øre"));
    }
}
