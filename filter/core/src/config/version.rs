//! The version of rules: the same for the same `[capture]` and `[[rule]]`, but for `hash_key`, wherever they are read.

use super::check::Value;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Bytes of the digest that the version shows.
const SHOWN: usize = 8;

/// 16 hexadecimal digits of the SHA-256 of the two tables as JSON without blanks, keys sorted.
pub(super) fn of(config: &Value) -> String {
    let mut text = String::new();
    for key in ["capture", "rule"] {
        canonical(config.get(key).unwrap_or(&Value::Null), &mut text);
        text.push('\n');
    }
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(SHOWN).fold(String::new(), |mut version, byte| {
        // Writing to a string does not fail.
        let _ = write!(version, "{byte:02x}");
        version
    })
}

/// As deep as the parser let the document be.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.iter().collect();
            // The key of hashes is a secret, and comes from each host's own environment.
            keys.retain(|(key, _)| *key != "hash_key");
            keys.sort_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (key, value) in keys {
                let _ = write!(out, "{}:", Value::from(key.as_str()));
                canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        // A file's 1.0 is Envoy's 1.
        Value::Number(number) => {
            let _ = match number.as_f64() {
                Some(number) => write!(out, "{number}"),
                None => write!(out, "{number}"),
            };
        }
        scalar => {
            let _ = write!(out, "{scalar}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_version_is_that_of_the_rules_without_their_secret() {
        let version = of(&json!({"capture": {"sample": 1}, "service": {"name": "a"}}));
        assert_eq!(version, of(&json!({"capture": {"sample": 1.0}})));
        assert_ne!(version, of(&json!({"capture": {"sample": 0.5}})));
        assert_eq!(version.len(), 16);
        let hashed = |key: &str| of(&json!({"capture": {"redact": {"mask": "hash", "hash_key": key}}}));
        assert_eq!(hashed("one"), hashed("two"));
    }
}
