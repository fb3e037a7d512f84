//! Free text, looked for in the JSON of events as people see it there.
//!
//! In an event's JSON a quote is `\"`, and in a body that is JSON itself, `\\\"`. Somebody who types a quote has seen one of
//! both, or the JSON itself; so each of these is looked for.

use std::sync::Arc;

use aho_corasick::AhoCorasick;
use rusqlite::{Connection, Error, functions::FunctionFlags};
use serde_json::Value;

/// The name by which SQL calls it: `mentions(json, text)`.
pub(super) const FUNCTION: &str = "mentions";

/// Lets this connection call it.
pub(super) fn register(store: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    store.create_scalar_function(FUNCTION, 2, flags, |call| {
        // Made once for a query.
        let text: Arc<AhoCorasick> = call
            .get_or_create_aux(1, |text| -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
                Ok(finder(text.as_str()?)?)
            })?;
        let json = call.get_raw(0).as_str().map_err(|error| Error::UserFunctionError(error.into()))?;
        Ok(text.is_match(json))
    })
}

fn finder(text: &str) -> Result<AhoCorasick, aho_corasick::BuildError> {
    let within_json = escaped(text);
    let within_body = escaped(&within_json);
    let mut forms = vec![text.to_owned(), within_json, within_body];
    forms.dedup();
    AhoCorasick::builder().ascii_case_insensitive(true).build(forms)
}

/// As it stands in a string of JSON.
fn escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentions(json: &Value, text: &str) -> bool {
        finder(text).expect("a text").is_match(&json.to_string())
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
    fn sql_calls_it() {
        let store = Connection::open_in_memory().expect("opened");
        register(&store).expect("registered");
        let found: bool = store
            .query_row("SELECT mentions('{\"a\":\"Oslo\"}', 'oslo')", [], |row| row.get(0))
            .expect("run");
        assert!(found);
    }
}
