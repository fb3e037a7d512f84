//! On which line of a file a setting stands, so that what is wrong can be found.
//!
//! Settings are named as errors name them: `rule[0].match.path`. One that is not there is on the line of the nearest
//! table around it.

use std::collections::BTreeMap;

use offpath_core::config::{Error, Value, shown};
use serde_json::value::RawValue;
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

/// Where everything stands in one file. The default is of no file.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    root: Node,
    /// Offset at which each line begins.
    starts: Vec<usize>,
}

/// What stands somewhere.
#[derive(Debug, Clone)]
enum Node {
    Table(Vec<(String, Place)>),
    Array(Vec<Place>),
    /// The value as errors show it.
    Scalar(String),
}

impl Default for Node {
    fn default() -> Self {
        Self::Table(Vec::new())
    }
}

#[derive(Debug, Clone)]
struct Place {
    offset: usize,
    node: Node,
}

impl Lines {
    /// Of a document that was parsed from `text`.
    #[must_use]
    pub fn of_toml(text: &str, document: &DeTable<'_>) -> Self {
        Self { root: toml_table(document), starts: starts(text) }
    }

    /// Of JSON, which is to be valid: of any other, nothing is known.
    #[must_use]
    pub fn of_json(text: &str) -> Self {
        Self { root: json_node(text, text), starts: starts(text) }
    }

    /// The line, from 1, of what an error is about; of an array, that of the item whose value it shows.
    #[must_use]
    pub fn of(&self, error: &Error) -> Option<usize> {
        let (mut node, mut rest, mut found) = (&self.root, error.field.as_str(), None);
        while let Some((place, after)) = node.step(rest) {
            (node, rest, found) = (&place.node, after, Some(place.offset));
        }
        if let (Node::Array(items), "") = (node, rest) {
            let is_meant =
                |place: &&Place| matches!(&place.node, Node::Scalar(shown) if *shown == error.value);
            found = items.iter().find(is_meant).map(|place| place.offset).or(found);
        }
        found.map(|offset| self.starts.partition_point(|start| *start <= offset))
    }
}

/// Line and column of an offset into `text`, both from 1, the column in characters.
#[must_use]
pub fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

impl Node {
    /// What the first part of a name leads to, and the rest of the name. A key may itself hold dots and brackets, so the
    /// longest that fits is meant.
    fn step<'n>(&self, name: &'n str) -> Option<(&Place, &'n str)> {
        match self {
            Self::Table(entries) => {
                let is_first = |key: &str| {
                    let rest = name.strip_prefix(key);
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                };
                let fitting = entries.iter().filter(|(key, _)| !name.is_empty() && is_first(key));
                let (key, place) = fitting.max_by_key(|(key, _)| key.len())?;
                let rest = &name[key.len()..];
                Some((place, rest.strip_prefix('.').unwrap_or(rest)))
            }
            Self::Array(items) => {
                let (index, rest) = name.strip_prefix('[')?.split_once(']')?;
                let place = items.get(index.parse::<usize>().ok()?)?;
                Some((place, rest.strip_prefix('.').unwrap_or(rest)))
            }
            Self::Scalar(_) => None,
        }
    }
}

fn starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

fn toml_table(table: &DeTable<'_>) -> Node {
    let entry = |(key, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
        let place = Place { offset: key.span().start, node: toml_node(value.get_ref()) };
        (key.get_ref().to_string(), place)
    };
    Node::Table(table.iter().map(entry).collect())
}

fn toml_node(value: &DeValue<'_>) -> Node {
    match value {
        DeValue::Table(table) => toml_table(table),
        DeValue::Array(items) => {
            let place = |item: &Spanned<DeValue<'_>>| Place {
                offset: item.span().start,
                node: toml_node(item.get_ref()),
            };
            Node::Array(items.iter().map(place).collect())
        }
        DeValue::String(text) => Node::Scalar(shown(&Value::from(text.as_ref()))),
        DeValue::Integer(number) => Node::Scalar(number.to_string()),
        DeValue::Float(number) => Node::Scalar(number.to_string()),
        DeValue::Boolean(truth) => Node::Scalar(truth.to_string()),
        DeValue::Datetime(time) => Node::Scalar(time.to_string()),
    }
}

/// `part` lies in `text`. A key of JSON stands where its value does: what parses JSON tells no more.
fn json_node(text: &str, part: &str) -> Node {
    let place = |raw: &RawValue| {
        let offset = (raw.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        Place { offset, node: json_node(text, raw.get()) }
    };
    if let Ok(table) = serde_json::from_str::<BTreeMap<String, &RawValue>>(part) {
        return Node::Table(table.into_iter().map(|(key, value)| (key, place(value))).collect());
    }
    if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(part) {
        return Node::Array(items.into_iter().map(place).collect());
    }
    Node::Scalar(serde_json::from_str(part).map(|value: Value| shown(&value)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = r#"# a comment
service = { name = "x" }
[capture]
redact.patterns = ["email"]

[[rule]]
name = "one"
[rule.match]
path = [
  "/a",
  "b",
]

[[rule]]
match = { path = "/c", header = { "x.y" = "z" } }
[sinks.a]
path = "p"
"#;

    const JSON: &str = r#"{
  "capture": {
    "headers": { "allow": [
      "a b"
    ] } },
  "rule": [
    { "record": true },
    { "match": {
        "path": "x" } }
  ]
}"#;

    fn error(field: &str, value: &str) -> Error {
        Error { field: field.to_owned(), rule: "must hold".to_owned(), value: value.to_owned() }
    }

    fn in_toml(field: &str, value: &str) -> Option<usize> {
        let document = DeTable::parse(TOML).expect("TOML");
        Lines::of_toml(TOML, document.get_ref()).of(&error(field, value))
    }

    #[test]
    fn a_setting_is_on_the_line_of_its_key() {
        for (field, line) in [
            ("service.name", 2),
            ("capture", 3),
            ("capture.redact.patterns", 4),
            ("rule[0].name", 7),
            ("rule[0].match", 8),
            ("rule[0].match.path", 9),
            ("rule[1].match.path", 15),
            ("sinks.a.path", 17),
        ] {
            assert_eq!(in_toml(field, ""), Some(line), "{field}");
        }
    }

    #[test]
    fn one_that_is_missing_is_on_the_line_of_the_nearest_table() {
        assert_eq!(in_toml("rule[1].sample.rate", ""), Some(14));
        assert_eq!(in_toml("sinks.a.type", ""), Some(16));
        assert_eq!(in_toml("ring.size", ""), None);
    }

    #[test]
    fn an_item_of_an_array_is_on_its_own_line() {
        assert_eq!(in_toml("rule[0].match.path", "\"b\""), Some(11));
        assert_eq!(in_toml("rule[0].match.path[0]", ""), Some(10));
    }

    #[test]
    fn a_key_may_hold_what_parts_names() {
        assert_eq!(in_toml("rule[1].match.header.x.y", ""), Some(15));
    }

    #[test]
    fn json_has_lines_too() {
        let lines = Lines::of_json(JSON);
        assert_eq!(lines.of(&error("capture.headers.allow", "\"a b\"")), Some(4));
        assert_eq!(lines.of(&error("rule[1].match.path", "\"x\"")), Some(9));
        assert_eq!(lines.of(&error("rule[0].name", "")), Some(7));
    }

    #[test]
    fn a_column_counts_characters() {
        assert_eq!(position("a\nbü=", 5), (2, 3));
        assert_eq!(position("", 9), (1, 1));
    }
}
