//! `redact`: what is masked, and how.

use super::{
    check::{Table, Value},
    expression,
};
use crate::{
    mask::{Mask, MaskKind},
    treatment::{DEFAULT_PATTERNS, Expression, PATTERNS, normalised},
};

/// Shortest key of hashes, in bytes.
const SHORTEST_KEY: usize = 16;
/// Names of each kind.
const MOST_NAMES: usize = 200;
const MOST_EXPRESSIONS: usize = 50;

/// What is configured of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redact {
    pub(super) headers: Vec<String>,
    pub(super) query: Vec<String>,
    /// Normalised.
    pub(super) json_keys: Vec<String>,
    pub(super) patterns: Vec<String>,
    pub(super) expressions: Vec<Expression>,
    pub(super) mask: MaskKind,
    pub(super) hash_key: String,
    /// `json_tail`; `None` if nothing is said.
    mask_tail: Option<bool>,
}

impl Default for Redact {
    fn default() -> Self {
        Self {
            headers: Vec::new(),
            query: Vec::new(),
            json_keys: Vec::new(),
            patterns: DEFAULT_PATTERNS.iter().map(|name| (*name).to_owned()).collect(),
            expressions: Vec::new(),
            mask: MaskKind::Redact,
            hash_key: String::new(),
            mask_tail: None,
        }
    }
}

impl Redact {
    /// Reads the table; what it does not say is as in `base`.
    pub(super) fn read(mut table: Table<'_, '_>, base: &Self) -> Self {
        let headers = names(&mut table, "headers");
        let query = names(&mut table, "query");
        let json_keys = names(&mut table, "json_keys")
            .map(|keys| keys.iter().map(|key| normalised(key)).collect::<Vec<_>>());
        let patterns = patterns(&mut table);
        let own = table.has("expressions");
        let expressions = Some(expressions(table.table("expressions"))).filter(|_| own);
        let mask = table.one_of("mask", &MASKS);
        let hash_key = hash_key(&mut table);
        let mask_tail = table.one_of("json_tail", &[("mask", true), ("keep", false)]);
        let read = Self {
            headers: headers.unwrap_or_else(|| base.headers.clone()),
            query: query.unwrap_or_else(|| base.query.clone()),
            json_keys: json_keys.unwrap_or_else(|| base.json_keys.clone()),
            patterns: patterns.unwrap_or_else(|| base.patterns.clone()),
            expressions: expressions.unwrap_or_else(|| base.expressions.clone()),
            mask: mask.unwrap_or(base.mask),
            hash_key: hash_key.unwrap_or_else(|| base.hash_key.clone()),
            mask_tail: mask_tail.or(base.mask_tail),
        };
        let says_so = table.has("mask") && !table.has("hash_key");
        if says_so && read.mask == MaskKind::Hash && read.hash_key.is_empty() {
            table.refuse("hash_key", "is needed by mask = \"hash\"", None);
        }
        table.finish();
        read
    }

    pub(super) fn mask(&self) -> Mask {
        Mask::new(self.mask, self.hash_key.as_bytes())
    }

    /// Whether values of unknown path are masked at the end of JSON that was cut: own keys may name what stands around
    /// them.
    pub(super) fn masks_unknown(&self) -> bool {
        self.mask_tail.unwrap_or(!self.json_keys.is_empty())
    }
}

const MASKS: [(&str, MaskKind); 4] = [
    ("redact", MaskKind::Redact),
    ("hash", MaskKind::Hash),
    ("partial", MaskKind::Partial),
    ("drop", MaskKind::Drop),
];

fn names(table: &mut Table<'_, '_>, key: &'static str) -> Option<Vec<String>> {
    let names = table.texts(key)?;
    if names.len() > MOST_NAMES {
        table.refuse(key, &format!("must be at most {MOST_NAMES} names"), None);
    }
    if names.iter().any(|name| normalised(name).is_empty()) {
        table.refuse(key, "must be names of at least one letter or digit", Some(&Value::from(names.clone())));
    }
    Some(names)
}

fn patterns(table: &mut Table<'_, '_>) -> Option<Vec<String>> {
    let patterns = table.texts("patterns")?;
    for name in patterns.iter().filter(|name| !PATTERNS.contains(&name.as_str())) {
        let rule = format!("must be of {}; own ones go to \"expressions\"", PATTERNS.join(", "));
        table.refuse("patterns", &rule, Some(&Value::from(name.as_str())));
    }
    Some(patterns)
}

fn expressions(mut table: Table<'_, '_>) -> Vec<Expression> {
    let mut expressions = Vec::new();
    for name in table.keys() {
        let Some(value) = table.value_of(name) else { continue };
        let text = value.as_str().unwrap_or_default();
        match expression::check(text) {
            Ok(()) => expressions.push(Expression { name: name.to_owned(), expression: text.to_owned() }),
            Err(rule) => table.refuse(name, &rule, Some(value)),
        }
    }
    if expressions.len() > MOST_EXPRESSIONS {
        table.refuse_whole(&format!("must be at most {MOST_EXPRESSIONS} expressions"));
    }
    expressions
}

/// The error does not show the value: it is a secret. A variable that is still there, nobody has read: in Envoy, say.
fn hash_key(table: &mut Table<'_, '_>) -> Option<String> {
    let value = table.take("hash_key")?;
    let key = value.as_str().filter(|key| key.len() >= SHORTEST_KEY);
    if key.is_none() {
        table.refuse("hash_key", &format!("must be a string of at least {SHORTEST_KEY} bytes"), None);
    } else if key.is_some_and(|key| key.starts_with("${")) {
        table.refuse("hash_key", "must be the key itself: here no variables are read", None);
    }
    key.map(str::to_owned)
}
