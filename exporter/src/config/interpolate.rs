//! `${NAME}` in the strings of `[sinks.*]`, so that secrets need not stand in the file.

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
