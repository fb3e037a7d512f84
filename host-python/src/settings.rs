//! Configuration on its way to the core: TOML or JSON in, JSON out, and the core's errors as Python's `ConfigError`.

use crate::sandbox::bindings;
use pyo3::{exceptions::PyValueError, prelude::*, types::PyList};

pyo3::create_exception!(
    _offpath,
    ConfigError,
    PyValueError,
    "Configuration that offpath cannot take.\n\n\
     ``errors`` lists all that is wrong with it, each a ``(field, rule, value)``."
);

/// TOML as JSON text.
pub(crate) fn toml_to_json(text: &str) -> Result<String, String> {
    let value: toml::Value = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
    serde_json::to_string(&value).map_err(|error| error.to_string())
}

/// The exception for what the core refused. `origin` names the file, or is empty.
pub(crate) fn refused(py: Python<'_>, origin: &str, errors: Vec<bindings::ConfigError>) -> PyErr {
    let line = |error: &bindings::ConfigError| {
        let got = if error.value.is_empty() { String::new() } else { format!(", got {}", error.value) };
        let origin = if origin.is_empty() { String::new() } else { format!("{origin}: ") };
        format!("{origin}{}: {}{got}", error.field, error.rule)
    };
    let text: Vec<String> = errors.iter().map(line).collect();
    let exception = ConfigError::new_err(text.join("\n"));
    let list = errors.into_iter().map(|error| (error.field, error.rule, error.value));
    let attached = PyList::new(py, list).and_then(|list| exception.value(py).setattr("errors", list));
    attached.err().unwrap_or(exception)
}

/// The exception for a file that is no TOML.
pub(crate) fn unreadable(py: Python<'_>, origin: &str, reason: &str) -> PyErr {
    let field = if origin.is_empty() { "the configuration".to_owned() } else { origin.to_owned() };
    refused(
        py,
        "",
        vec![bindings::ConfigError { field, rule: format!("must be TOML: {reason}"), value: String::new() }],
    )
}
