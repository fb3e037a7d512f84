//! Configuration on its way to the core: TOML or JSON in, JSON out, and what is wrong with it as Python's `ConfigError`.

mod environment;

use crate::sandbox::{Sandbox, Unusable, bindings};
use pyo3::{exceptions::PyValueError, prelude::*, types::PyList};
use serde_json::Value;
use std::{fs, path::Path};

/// One thing that is wrong with a configuration, or strange about it.
pub(crate) use bindings::ConfigError as Problem;

pyo3::create_exception!(
    _offpath,
    ConfigError,
    PyValueError,
    "Configuration that offpath cannot take.\n\n\
     ``errors`` lists all that is wrong with it, each a ``(field, rule, value)``."
);

/// Looks up a variable of the environment.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The text of a configuration file.
pub(crate) fn read(file: &Path) -> Result<String, Problem> {
    fs::read_to_string(file).map_err(|error| Problem {
        field: file.display().to_string(),
        rule: format!("must be a file that can be read: {error}"),
        value: String::new(),
    })
}

/// A configuration that was read, and is not checked yet.
#[derive(Debug)]
pub(crate) struct Configuration {
    json: String,
    /// What is wrong with it before the core sees it.
    problems: Vec<Problem>,
}

impl Configuration {
    /// From JSON. What is no JSON, the core refuses.
    pub(crate) fn from_json(text: String, environment: Environment<'_>) -> Self {
        match serde_json::from_str(&text) {
            Ok(value) => Self::new(value, environment),
            Err(_) => Self { json: text, problems: Vec::new() },
        }
    }

    /// From the TOML in a file.
    pub(crate) fn from_toml(text: &str, file: &Path, environment: Environment<'_>) -> Result<Self, Problem> {
        let table = toml::from_str::<toml::Value>(text).map_err(|error| unreadable(file, &error))?;
        let value = serde_json::to_value(table).map_err(|error| unreadable(file, &error))?;
        Ok(Self::new(value, environment))
    }

    fn new(mut value: Value, environment: Environment<'_>) -> Self {
        let problems = environment::fill_in(&mut value, environment);
        Self { json: value.to_string(), problems }
    }

    /// A sandbox that has taken it, or all that is wrong with it.
    pub(crate) fn start(self) -> Result<Sandbox, Unusable> {
        let Self { json, mut problems } = self;
        match Sandbox::new(json) {
            Err(Unusable::Refused(more)) => problems.extend(more),
            other if problems.is_empty() => return other,
            _ => {}
        }
        Err(Unusable::Refused(problems))
    }
}

fn unreadable(file: &Path, reason: &impl ToString) -> Problem {
    let rule = format!("must be TOML: {}", reason.to_string().trim_end());
    Problem { field: file.display().to_string(), rule, value: String::new() }
}

/// One line for each problem. `origin` names the file, or is empty.
pub(crate) fn lines(origin: &str, problems: &[Problem]) -> String {
    problems.iter().map(|problem| line(origin, problem)).collect::<Vec<_>>().join("\n")
}

/// Where, what holds there, and what stood there.
pub(crate) fn line(origin: &str, Problem { field, rule, value }: &Problem) -> String {
    let origin = if origin.is_empty() { String::new() } else { format!("{origin}: ") };
    let got = if value.is_empty() { String::new() } else { format!(", got {value}") };
    format!("{origin}{field}: {rule}{got}")
}

/// The exception for a configuration with these problems.
pub(crate) fn refused(py: Python<'_>, origin: &str, problems: Vec<Problem>) -> PyErr {
    let exception = ConfigError::new_err(lines(origin, &problems));
    let list = problems.into_iter().map(|problem| (problem.field, problem.rule, problem.value));
    let attached = PyList::new(py, list).and_then(|list| exception.value(py).setattr("errors", list));
    attached.err().unwrap_or(exception)
}
