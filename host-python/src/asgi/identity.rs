//! Who made a request, where the app leaves it in the scope: `user.id`, `session.uid`, `state.tenant`.
//!
//! The first name is a key of the scope. Those after it are keys where the value is a mapping, and attributes elsewhere:
//! `state` is a dict until Starlette has wrapped it. What looking up raises is as if there were nothing.

use super::message::utf8;
use pyo3::{
    prelude::*,
    sync::PyOnceLock,
    types::{PyBool, PyDict, PyInt, PyMapping, PyString, PyType},
};

/// Longest value handed over, in characters, as of a header. The core takes what is far shorter, and no part of the rest.
const LONGEST: usize = 2048;

/// The value of a dotted field, if it is a text, a whole number, a truth value or a UUID.
pub(crate) fn look_up(scope: &Bound<'_, PyDict>, field: &str) -> Option<String> {
    let mut names = field.split('.');
    let first = scope.get_item(names.next()?).ok()??;
    text(&names.try_fold(first, |value, name| step(&value, name))?)
}

fn step<'py>(value: &Bound<'py, PyAny>, name: &str) -> Option<Bound<'py, PyAny>> {
    if let Ok(dict) = value.cast::<PyDict>() {
        return dict.get_item(name).ok()?;
    }
    let attribute = value.getattr(name).ok();
    attribute.or_else(|| value.cast::<PyMapping>().ok()?.get_item(name).ok())
}

/// No code of the app is run for it, but that of a UUID's own class.
fn text(value: &Bound<'_, PyAny>) -> Option<String> {
    if let Ok(text) = value.cast::<PyString>() {
        return Some(shortened(&String::from_utf8_lossy(&utf8(text))));
    }
    if let Ok(truth) = value.cast::<PyBool>() {
        return Some(if truth.is_true() { "True" } else { "False" }.to_owned());
    }
    if value.is_instance_of::<PyInt>() {
        return value.extract::<i128>().ok().map(|number| number.to_string());
    }
    let uuid = uuid(value.py()).ok().filter(|uuid| value.is_instance(uuid).unwrap_or(false));
    uuid.and_then(|_| value.str().ok()).map(|text| shortened(&text.to_string_lossy()))
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

fn uuid(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static UUID: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    UUID.import(py, "uuid", "UUID")
}
