//! `${NAME}` and `${file:/path}` in the strings of `[sinks.*]` and `[intake.*]`, and `${NAME}` in `redact.hash_key`, so that
//! secrets need not stand in the file.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use offpath_core::config::{Error, Value};

use super::{Environment, paths};

/// What comes for the text between `${` and `}`, or what holds there instead.
type Lookup<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// More than any key has; less than what would be held in memory by mistake.
const LONGEST_FILE: u64 = 64 << 10;

/// A text in which something was replaced.
#[derive(Debug)]
pub(super) struct Replaced {
    field: String,
    /// As it stands in the file.
    written: String,
}

/// Replaces variables and files in all strings under `value`, which is at `field`. Returns which strings those were.
pub(super) fn all(
    field: &str,
    value: &mut Value,
    env: Environment<'_>,
    errors: &mut Vec<Error>,
) -> Vec<Replaced> {
    let lookup = |name: &str| match name.strip_prefix("file:") {
        Some(path) => content(&paths::expand(path, env)),
        None => variable(name, env),
    };
    let mut done = Vec::new();
    strings(field, value, &lookup, errors, &mut done);
    done
}

/// Has errors show what is written in the file, in place of what came for it: that may be a secret.
pub(super) fn cover(errors: &mut [Error], replaced: &[Replaced]) {
    for error in errors {
        for text in replaced {
            match text.field.strip_prefix(error.field.as_str()) {
                Some("") => error.value.clone_from(&text.written),
                // It is about a table or an array that has the text in it.
                Some(rest) if rest.starts_with(['.', '[']) => error.value.clear(),
                _ => {}
            }
        }
    }
}

fn strings(
    field: &str,
    value: &mut Value,
    lookup: Lookup<'_>,
    errors: &mut Vec<Error>,
    done: &mut Vec<Replaced>,
) {
    match value {
        Value::String(text) => match replaced(text, lookup) {
            Ok(new) if new != *text => {
                done.push(Replaced { field: field.to_owned(), written: format!("{text:?}") });
                *text = new;
            }
            Ok(_) => {}
            Err(rule) => {
                errors.push(Error { field: field.to_owned(), rule, value: format!("{text:?}") });
            }
        },
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                strings(&format!("{field}[{index}]"), item, lookup, errors, done);
            }
        }
        Value::Object(table) => {
            for (key, item) in table {
                strings(&format!("{field}.{key}"), item, lookup, errors, done);
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
    let lookup = |name: &str| variable(name, env);
    let mut errors = Vec::new();
    let mut of = |field: String, settings: &mut Value| {
        if let Some(key) = settings.get_mut("redact").and_then(|redact| redact.get_mut("hash_key")) {
            let before = errors.len();
            strings(&format!("{field}.redact.hash_key"), key, &lookup, &mut errors, &mut Vec::new());
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

fn replaced(text: &str, lookup: Lookup<'_>) -> Result<String, String> {
    let mut done = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or("must close each \"${\" with \"}\"")?;
        done.push_str(before);
        done.push_str(&lookup(name)?);
        rest = after;
    }
    done.push_str(rest);
    Ok(done)
}

fn variable(name: &str, env: Environment<'_>) -> Result<String, String> {
    env(name).ok_or_else(|| format!("needs the environment variable {name}, which is not set"))
}

/// What a file holds, without the end of its last line.
fn content(path: &Path) -> Result<String, String> {
    let text = read(path).map_err(|error| format!("needs the file {}: {error}", path.display()))?;
    let text = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if text.is_empty() {
        return Err(format!("needs the file {}, which is empty", path.display()));
    }
    Ok(text.to_owned())
}

fn read(path: &Path) -> io::Result<String> {
    // A pipe would have us wait for ever.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut text = String::new();
    let length = File::open(path)?.take(LONGEST_FILE + 1).read_to_string(&mut text)?;
    if length as u64 > LONGEST_FILE {
        return Err(io::Error::other("it is too long for a secret"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn env(name: &str) -> Option<String> {
        (name == "KEY").then(|| "sk-${KEY}".to_owned())
    }

    fn interpolated(mut value: Value) -> (Value, Vec<Error>, Vec<Replaced>) {
        let mut errors = Vec::new();
        let done = all("sinks", &mut value, &env, &mut errors);
        (value, errors, done)
    }

    #[test]
    fn a_file_stands_without_the_end_of_its_last_line_and_is_not_looked_into() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("key");
        for (content, expected) in
            [("a\n", "a"), ("a\r\n", "a"), ("a", "a"), ("a\n\n", "a\n"), ("${X}", "${X}")]
        {
            std::fs::write(&path, content).expect("written");
            let (value, errors, _) = interpolated(json!({"a": format!("<${{file:{}}}>", path.display())}));
            assert_eq!((value, errors), (json!({"a": format!("<{expected}>")}), vec![]));
        }
    }

    #[test]
    fn a_file_that_cannot_be_had_is_named_with_its_field() {
        let directory = tempfile::tempdir().expect("a directory");
        let (empty, long) = (directory.path().join("empty"), directory.path().join("long"));
        std::fs::write(&empty, "\n").expect("written");
        std::fs::write(&long, vec![b'x'; 1 << 20]).expect("written");
        for (path, why) in [
            (directory.path().join("gone"), ": No such file or directory (os error 2)"),
            (directory.path().to_owned(), ": it is not a file"),
            (empty, ", which is empty"),
            (long, ": it is too long for a secret"),
        ] {
            let (_, errors, _) = interpolated(json!({"a": {"key": format!("${{file:{}}}", path.display())}}));
            let expected = format!("needs the file {}{why}", path.display());
            assert_eq!(
                (errors[0].field.as_str(), errors[0].rule.as_str()),
                ("sinks.a.key", expected.as_str())
            );
        }
    }

    #[test]
    fn errors_show_what_is_written_and_not_what_came_for_it() {
        let (value, _, done) =
            interpolated(json!({"a": {"key": "x${KEY}", "keys": ["${KEY}"], "other": "plain"}}));
        let error = |field: &str, value: &Value| Error {
            field: field.to_owned(),
            rule: "must be".to_owned(),
            value: offpath_core::config::shown(value),
        };
        let mut errors = vec![
            error("sinks.a.key", &value["a"]["key"]),
            error("sinks.a.keys", &value["a"]["keys"]),
            error("sinks.a", &value["a"]),
            error("sinks.a.other", &value["a"]["other"]),
        ];
        cover(&mut errors, &done);
        let shown: Vec<&str> = errors.iter().map(|error| error.value.as_str()).collect();
        assert_eq!(shown, ["\"x${KEY}\"", "", "", "\"plain\""]);
    }
}
