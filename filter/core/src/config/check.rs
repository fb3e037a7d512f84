//! Reading a table of settings and gathering everything that is wrong with it.
//!
//! The exporter reads its own tables with the same [`Table`], so that users see one kind of message.

use serde_json::Map;
pub use serde_json::Value;
use std::{fmt, ops::RangeInclusive};

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Where: `rule[0].match.path`.
    pub field: String,
    /// What holds there: `must begin with "/"`.
    pub rule: String,
    /// What stood there, as JSON; empty if nothing did.
    pub value: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.rule)?;
        if self.value.is_empty() { Ok(()) } else { write!(f, ", got {}", self.value) }
    }
}

/// A table while it is read: each key is asked for once, and what nobody asked for is an error.
///
/// A value of the wrong kind is reported and read as missing, so that reading goes on to the next error.
#[derive(Debug)]
pub struct Table<'v, 'e> {
    path: String,
    map: Option<&'v Map<String, Value>>,
    known: Vec<&'static str>,
    errors: &'e mut Vec<Error>,
}

impl<'v, 'e> Table<'v, 'e> {
    /// The whole document; `None`, and an error, if it is no table.
    pub fn root(json: &'v Value, errors: &'e mut Vec<Error>) -> Option<Self> {
        Self::of(String::new(), json, errors)
    }

    fn of(path: String, json: &'v Value, errors: &'e mut Vec<Error>) -> Option<Self> {
        let map = json.as_object();
        if map.is_none() {
            let field = if path.is_empty() { "the configuration" } else { &path };
            errors.push(error(field, "must be a table", Some(json)));
            return None;
        }
        Some(Self { path, map, known: Vec::new(), errors })
    }

    /// What stands at `key`; from here on, the key is known.
    pub fn take(&mut self, key: &'static str) -> Option<&'v Value> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.map.and_then(|map| map.get(key))
    }

    /// The table at `key`; an empty one if there is none.
    pub fn table(&mut self, key: &'static str) -> Table<'v, '_> {
        let value = self.take(key);
        let path = self.at(key);
        let map = value.and_then(Value::as_object);
        if let (Some(other), None) = (value, map) {
            self.errors.push(error(&path, "must be a table", Some(other)));
        }
        Table { path, map, known: Vec::new(), errors: self.errors }
    }

    /// The keys that this table has, for tables whose keys the user chooses.
    pub fn keys(&self) -> impl Iterator<Item = &'v str> + use<'v> {
        self.map.into_iter().flat_map(Map::keys).map(String::as_str)
    }

    /// The table under a key that the user chose; it counts as known.
    pub fn table_of(&mut self, key: &'v str) -> Option<Table<'v, '_>> {
        let value = self.map?.get(key)?;
        Table::of(self.at(key), value, self.errors)
    }

    /// The tables in the array at `key`, each read by `read`.
    pub fn tables<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(Table<'v, '_>, usize) -> T,
    ) -> Vec<T> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let Some(items) = value.as_array() else {
            self.refuse(key, "must be an array of tables", Some(value));
            return Vec::new();
        };
        let mut all = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let path = format!("{}[{index}]", self.at(key));
            if let Some(table) = Table::of(path, item, self.errors) {
                all.push(read(table, index));
            }
        }
        all
    }

    /// What stands under a key that the user chose; it counts as known.
    pub(crate) fn value_of(&mut self, key: &'v str) -> Option<&'v Value> {
        self.map.and_then(|map| map.get(key))
    }

    /// Whether anything stands at `key`.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.map.is_some_and(|map| map.contains_key(key))
    }

    /// What the name at `key` stands for.
    pub fn one_of<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let rule = format!("must be one of {}", names.join(", "));
        self.typed(key, &rule, |value| {
            let typed = value.as_str()?;
            choices.iter().find(|(name, _)| *name == typed).map(|(_, meaning)| *meaning)
        })
    }

    /// The text at `key`.
    pub fn text(&mut self, key: &'static str) -> Option<&'v str> {
        self.typed(key, "must be a string", Value::as_str)
    }

    /// The truth value at `key`.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.typed(key, "must be true or false", Value::as_bool)
    }

    /// The whole number at `key`, between the two.
    pub fn whole(&mut self, key: &'static str, least: i64, most: i64) -> Option<i64> {
        let rule = format!("must be a whole number from {least} to {most}");
        self.typed(key, &rule, |value| value.as_i64().filter(|number| (least..=most).contains(number)))
    }

    /// The strings at `key`; one alone may stand without its array.
    pub fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        self.typed(key, "must be a string or an array of strings", |value| match value {
            Value::String(one) => Some(vec![one.clone()]),
            Value::Array(all) => all.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
            _ => None,
        })
    }

    /// The number of bytes at `key`: a whole number, or a string such as `"8KiB"`.
    pub fn size(&mut self, key: &'static str, least: u64, most: u64) -> Option<u64> {
        let rule = format!("must be a size such as \"8KiB\", from {} to {}", human(least), human(most));
        self.typed(key, &rule, |value| size(value).filter(|bytes| (least..=most).contains(bytes)))
    }

    /// What `parse` makes of `key`; `rule` is the error's text if it makes nothing of it.
    pub fn typed<T>(
        &mut self,
        key: &'static str,
        rule: &str,
        parse: impl FnOnce(&'v Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(key)?;
        let parsed = parse(value);
        if parsed.is_none() {
            self.refuse(key, rule, Some(value));
        }
        parsed
    }

    /// Adds an error at `key`.
    pub fn refuse(&mut self, key: &str, rule: &str, value: Option<&Value>) {
        let field = self.at(key);
        self.errors.push(error(&field, rule, value));
    }

    /// Adds an error of the table as a whole.
    pub(crate) fn refuse_whole(&mut self, rule: &str) {
        let field = self.path.clone();
        self.errors.push(error(&field, rule, None));
    }

    /// Keys that somebody else reads.
    pub fn leave(&mut self, keys: &[&'static str]) {
        self.known.extend_from_slice(keys);
    }

    /// Settings that offpath is to have, and does not have yet: accepting them in silence would promise what they say.
    pub fn not_yet(&mut self, keys: &[&'static str]) {
        for key in keys {
            if let Some(value) = self.take(key) {
                self.refuse(key, "is not supported by this version; remove it", Some(value));
            }
        }
    }

    /// Reports every key that nobody asked for.
    pub fn finish(self) {
        for key in self.map.into_iter().flat_map(Map::keys) {
            if self.known.contains(&key.as_str()) {
                continue;
            }
            let rule = match closest(key, &self.known) {
                Some(known) => format!("is unknown; did you mean \"{known}\"?"),
                None => format!("is unknown; known here: {}", self.known.join(", ")),
            };
            self.errors.push(Error { field: self.at(key), rule, value: String::new() });
        }
    }

    /// The full name of a key of this table.
    #[must_use]
    pub fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

fn error(field: &str, rule: &str, value: Option<&Value>) -> Error {
    Error { field: field.to_owned(), rule: rule.to_owned(), value: value.map(shown).unwrap_or_default() }
}

/// A value as an error shows it: as JSON, and no longer than a line.
#[must_use]
pub fn shown(value: &Value) -> String {
    const LONGEST: usize = 80;
    let text = match value {
        Value::Array(_) | Value::Object(_) => format!("{} {value}", kind_of(value)),
        _ => value.to_string(),
    };
    let short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() { format!("{short}…") } else { text }
}

/// What kind of value it is, in a user's words.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "a table",
    }
}

/// Bytes: a whole number, or a string of one with `B`, `KB`, `MB`, `GB` (powers of 1000), `KiB`, `MiB` or `GiB`.
pub(crate) fn size(value: &Value) -> Option<u64> {
    if let Some(bytes) = value.as_u64() {
        return Some(bytes);
    }
    let text = value.as_str()?.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = match text.get(digits.len()..)?.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

/// A duration in milliseconds: a whole number with `ms`, `s` or `m`.
pub(crate) fn milliseconds(text: &str, bounds: RangeInclusive<u32>) -> Option<u32> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text.get(digits.len()..)? {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        _ => return None,
    };
    digits.parse::<u32>().ok()?.checked_mul(factor).filter(|milliseconds| bounds.contains(milliseconds))
}

fn human(bytes: u64) -> String {
    match bytes {
        bytes if bytes > 0 && bytes.is_multiple_of(1 << 30) => format!("{}GiB", bytes >> 30),
        bytes if bytes > 0 && bytes.is_multiple_of(1 << 20) => format!("{}MiB", bytes >> 20),
        bytes if bytes > 0 && bytes.is_multiple_of(1 << 10) => format!("{}KiB", bytes >> 10),
        bytes => bytes.to_string(),
    }
}

/// The known name that a typing error most likely meant.
fn closest(typed: &str, known: &[&'static str]) -> Option<&'static str> {
    const FARTHEST: usize = 2;
    let near = known.iter().map(|name| (distance(typed, name), *name)).min()?;
    (near.0 <= FARTHEST && near.0 < typed.len()).then_some(near.1)
}

/// Levenshtein distance, one row at a time.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut next = vec![i + 1];
        for (b, pair) in right.iter().zip(row.windows(2)) {
            let (&[diagonal, above], &before) =
                (<&[usize; 2]>::try_from(pair).unwrap_or(&[0, 0]), next.last().unwrap_or(&0));
            next.push((diagonal + usize::from(a != *b)).min(above + 1).min(before + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sizes_have_units() {
        for (typed, bytes) in [
            (json!(5), Some(5)),
            (json!("8KiB"), Some(8192)),
            (json!("8 kb"), Some(8000)),
            (json!("1GiB"), Some(1 << 30)),
            (json!("0"), Some(0)),
            (json!("-1"), None),
            (json!("1.5MiB"), None),
            (json!("KiB"), None),
            (json!("99999999999GiB"), None),
            (json!(null), None),
        ] {
            assert_eq!(size(&typed), bytes, "{typed}");
        }
    }

    #[test]
    fn durations_have_units_and_bounds() {
        for (typed, expected) in [
            ("100ms", Some(100)),
            ("10s", Some(10_000)),
            ("9ms", None),
            ("11s", None),
            ("1m", None),
            ("ms", None),
            ("100", None),
        ] {
            assert_eq!(milliseconds(typed, 10..=10_000), expected, "{typed}");
        }
        assert_eq!(milliseconds("2m", 0..=u32::MAX), Some(120_000));
    }

    #[test]
    fn a_typing_error_is_told_what_was_meant() {
        assert_eq!(closest("heders", &["headers", "redact"]), Some("headers"));
        assert_eq!(closest("nonsense", &["headers", "redact"]), None);
    }

    #[test]
    fn a_long_value_is_shown_in_short() {
        assert!(shown(&json!("x".repeat(1000))).chars().count() < 100);
    }
}
