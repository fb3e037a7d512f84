//! Secrets that stand in the file itself, for whoever reads it, copies it or checks it in: they are taken, and warned of.

use offpath_core::config::{Error, Value};

/// Settings that hold nothing but a secret.
const SETTINGS: [&str; 4] = ["password", "secret_key", "api_key", "token"];

/// What the names of headers that hold one have in them.
const HEADERS: [&str; 6] = ["auth", "cookie", "key", "password", "secret", "token"];

/// A warning for each of them in `[sinks.*]` and `[intake.*]`, without the value.
pub(super) fn secrets(json: &Value) -> Vec<Error> {
    let mut found = Vec::new();
    for field in ["intake", "sinks"] {
        if let Some(tables) = json.get(field) {
            look(field, "", tables, &mut found);
        }
    }
    found
}

fn look(field: &str, table: &str, value: &Value, found: &mut Vec<Error>) {
    for (key, value) in value.as_object().into_iter().flatten() {
        let field = format!("{field}.{key}");
        match value.as_str() {
            Some(text) if is_secret(table, key, text) && !text.contains("${") => {
                let rule = "holds a secret, which all who can read this file can read; write \"${NAME}\" for what an \
                            environment variable holds, or \"${file:/path}\" for what a file does";
                found.push(Error { field, rule: rule.to_owned(), value: String::new() });
            }
            Some(_) => {}
            None => look(&field, key, value, found),
        }
    }
}

fn is_secret(table: &str, key: &str, text: &str) -> bool {
    let name = key.to_ascii_lowercase();
    let is_of_header = table == "headers" && HEADERS.iter().any(|part| name.contains(part));
    is_of_header || SETTINGS.contains(&key) || has_password(text)
}

/// Whether it is an address with a password in it.
fn has_password(text: &str) -> bool {
    text.parse::<reqwest::Url>().is_ok_and(|url| url.password().is_some_and(|password| !password.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_is_named_and_none_is_shown() {
        let found = secrets(&json!({
            "service": {"token": "sk-1234"},
            "intake": {"redis": {"url": "rediss://me:sk-1234@host", "password": "sk-1234"}},
            "sinks": {
                "a": {"type": "langfuse", "public_key": "pk-1234", "secret_key": "sk-1234"},
                "b": {"headers": {"X-Api-Key": "sk-1234", "x-scope": "team-a"}, "proxy": "http://me:sk-1234@host"},
            },
        }));
        let mut fields: Vec<&str> = found.iter().map(|error| error.field.as_str()).collect();
        fields.sort_unstable();
        let expected = [
            "intake.redis.password",
            "intake.redis.url",
            "sinks.a.secret_key",
            "sinks.b.headers.X-Api-Key",
            "sinks.b.proxy",
        ];
        assert_eq!(fields, expected);
        assert!(found.iter().all(|error| !error.to_string().contains("sk-1234")), "{found:#?}");
    }

    #[test]
    fn what_comes_from_the_environment_or_a_file_stands_elsewhere() {
        let sink = json!({
            "secret_key": "${KEY}", "headers": {"authorization": "Bearer ${file:/key}"}, "url": "redis://me:${KEY}@host",
            "endpoint": "https://host", "stream": "token", "password": 7,
        });
        assert_eq!(secrets(&json!({"sinks": {"a": sink}})), []);
    }
}
