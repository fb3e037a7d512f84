//! The text of a configuration: its values, and where each of them stands.

use std::{fmt, path::Path};

use offpath_core::config::{Error, Value, shown};
use toml::de::{DeTable, Deserializer};

use super::lines::{self, Lines};

/// An error or a warning as users read it, and where what it is about stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Line, from 1; `None` where nothing of it stands in the file.
    pub line: Option<usize>,
    /// Column, from 1, of what is no TOML or JSON.
    pub column: Option<usize>,
    /// What is wrong. A rule that has a name is called by it. The field is empty where the text needs none: in warnings, and
    /// of what is no TOML or JSON.
    pub error: Error,
}

impl Located {
    /// `offpath.toml:12`, as compilers have it.
    #[must_use]
    pub fn place(&self, file: &Path) -> String {
        let part = |part: Option<usize>| part.map(|number| format!(":{number}")).unwrap_or_default();
        format!("{}{}{}", file.display(), part(self.line), part(self.column))
    }
}

/// Without the place.
impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.error.field.is_empty() { f.write_str(&self.error.rule) } else { self.error.fmt(f) }
    }
}

/// A configuration that can be read, right or wrong.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) json: Value,
    lines: Lines,
}

impl Document {
    /// # Errors
    ///
    /// All places where it is no TOML.
    pub(super) fn of_toml(text: &str) -> Result<Self, Vec<Located>> {
        let (document, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(in_order(errors.iter().map(|error| syntax(text, error)).collect()));
        }
        let lines = Lines::of_toml(text, document.get_ref());
        let json = serde::Deserialize::deserialize(Deserializer::from(document));
        json.map(|json| Self { json, lines }).map_err(|error| vec![syntax(text, &error)])
    }

    /// # Errors
    ///
    /// Where it is no JSON.
    pub(super) fn of_json(text: &str) -> Result<Self, Vec<Located>> {
        let json = serde_json::from_str(text).map_err(|error| {
            // What it says ends with the place, which stands before it here.
            let said = error.to_string();
            let rule = said.split(" at line ").next().unwrap_or(&said).to_owned();
            vec![unreadable(Some((error.line(), error.column())), rule)]
        })?;
        Ok(Self { json, lines: Lines::of_json(text) })
    }

    /// The same errors in the order of their lines, with the names of their rules.
    pub(super) fn located(&self, errors: Vec<Error>) -> Vec<Located> {
        let located = |error: Error| Located {
            line: self.lines.of(&error),
            column: None,
            error: Error { field: self.named(&error.field), ..error },
        };
        in_order(errors.into_iter().map(located).collect())
    }

    /// The line of a setting.
    pub(super) fn line(&self, field: &str) -> Option<usize> {
        self.lines.of(&Error { field: field.to_owned(), rule: String::new(), value: String::new() })
    }

    /// `rule[3] "chat".match.path` of `rule[3].match.path`.
    fn named(&self, field: &str) -> String {
        let name = || {
            let (index, rest) = field.strip_prefix("rule[")?.split_once(']')?;
            let name = self.json.get("rule")?.get(index.parse::<usize>().ok()?)?.get("name")?;
            Some(format!("rule[{index}] {}{rest}", shown(name.as_str().map(|_| name)?)))
        };
        name().unwrap_or_else(|| field.to_owned())
    }
}

/// As they stand in the file, and last what does not.
fn in_order(mut errors: Vec<Located>) -> Vec<Located> {
    errors.sort_by_key(|located| (located.line.unwrap_or(usize::MAX), located.column));
    errors
}

fn syntax(text: &str, error: &toml::de::Error) -> Located {
    let position = error.span().map(|span| lines::position(text, span.start));
    unreadable(position, error.message().to_owned())
}

fn unreadable(position: Option<(usize, usize)>, rule: String) -> Located {
    let error = Error { field: String::new(), rule, value: String::new() };
    Located { line: position.map(|at| at.0), column: position.map(|at| at.1), error }
}
