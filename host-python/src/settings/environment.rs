//! `${NAME}` in the keys of hashes, so that they need not stand in the file.

use super::{Environment, Problem};
use serde_json::Value;

/// No key is refused for being shorter.
const LONG_ENOUGH: usize = 64;

/// Replaces `${NAME}` in `redact.hash_key` of `[capture]` and of each rule. Returns what cannot be replaced: variables
/// that are not set, and each `${` that nothing closes.
pub(super) fn fill_in(config: &mut Value, environment: Environment<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut fill_in = |field: String, settings: Option<&mut Value>| {
        let key = settings.and_then(|settings| settings.get_mut("redact")?.get_mut("hash_key"));
        let Some(Value::String(text)) = key else { return };
        match replaced(text, environment) {
            Ok(done) => *text = done,
            Err((rule, value)) => {
                problems.push(Problem { field, rule, value });
                // One error is enough for it.
                *text = "?".repeat(LONG_ENOUGH);
            }
        }
    };
    fill_in("capture.redact.hash_key".to_owned(), config.get_mut("capture"));
    let rules = config.get_mut("rule").and_then(Value::as_array_mut);
    for (index, rule) in rules.into_iter().flatten().enumerate() {
        fill_in(format!("rule[{index}].redact.hash_key"), Some(rule));
    }
    problems
}

/// The text with its variables, or a rule and what breaks it. The rest of the text may be secret.
fn replaced(text: &str, environment: Environment<'_>) -> Result<String, (String, String)> {
    let mut done = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let unclosed = || ("must close each \"${\" with \"}\"".to_owned(), String::new());
        let (name, after) = after.split_once('}').ok_or_else(unclosed)?;
        let unset = || {
            (format!("needs the environment variable {name}, which is not set"), format!("\"${{{name}}}\""))
        };
        done.push_str(before);
        done.push_str(&environment(name).ok_or_else(unset)?);
        rest = after;
    }
    done.push_str(rest);
    Ok(done)
}
