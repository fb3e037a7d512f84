//! `${NAME}` in the strings of `[sinks.*]`, and in `redact.hash_key`, so that secrets need not stand in the file.

use offpath_core::config::{Error, Value};

use super::Environment;

/// Replaces `${NAME}` in all strings under `value`, which is at `field`.
pub(super) fn strings(field: &str, value: &mut Value, env: Environment<'_>, errors: &mut Vec<Error>) {
    match value {
        Value::String(text) => match replaced(text, env) {
            Ok(done) => *text = done,
            Err(rule) => {
                errors.push(Error { field: field.to_owned(), rule, value: format!("{text:?}") });
            }
        },
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                strings(&format!("{field}[{index}]"), item, env, errors);
            }
        }
        Value::Object(table) => {
            for (key, item) in table {
                strings(&format!("{field}.{key}"), item, env, errors);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Long enough for a key.
const NOT_SET: &str = "a hash key that is not set";

/// Replaces `${NAME}` in each `redact.hash_key`. Returns what is wrong with those for which that cannot be done, without
/// their values: they are secrets. They become a text that may stand there.
pub(super) fn hash_keys(json: &mut Value, env: Environment<'_>) -> Vec<Error> {
    let mut errors = Vec::new();
    let mut of = |field: String, settings: &mut Value| {
        if let Some(key) = settings.get_mut("redact").and_then(|redact| redact.get_mut("hash_key")) {
            let before = errors.len();
            strings(&format!("{field}.redact.hash_key"), key, env, &mut errors);
            if errors.len() > before {
                *key = Value::from(NOT_SET);
            }
        }
    };
    if let Some(capture) = json.get_mut("capture") {
        of("capture".to_owned(), capture);
    }
    let rules = json.get_mut("rule").and_then(Value::as_array_mut);
    for (index, rule) in rules.into_iter().flatten().enumerate() {
        of(format!("rule[{index}]"), rule);
    }
    errors.into_iter().map(|error| Error { value: String::new(), ..error }).collect()
}

fn replaced(text: &str, env: Environment<'_>) -> Result<String, String> {
    let mut done = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or("must close each \"${\" with \"}\"")?;
        let value =
            env(name).ok_or_else(|| format!("needs the environment variable {name}, which is not set"))?;
        done.push_str(before);
        done.push_str(&value);
        rest = after;
    }
    done.push_str(rest);
    Ok(done)
}
