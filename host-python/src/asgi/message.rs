//! Reading what apps and servers put into scopes and messages, which need not be what the specification says.

use crate::texts::Texts;
use pyo3::{
    intern,
    prelude::*,
    types::{PyBytes, PyDict, PyList, PyMemoryView, PyString, PyTuple},
};
use std::borrow::Cow;

/// The value at `key`, if there is one.
pub(crate) fn get<'py>(dict: &Bound<'py, PyDict>, key: &Bound<'py, PyString>) -> Option<Bound<'py, PyAny>> {
    dict.get_item(key).ok().flatten().filter(|value| !value.is_none())
}

/// A message's type, such as `http.request`.
pub(crate) fn kind<'py>(message: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyString>> {
    Ok(message.as_any().get_item(intern!(message.py(), "type"))?.cast_into()?)
}

/// Whether a flag such as `more_body` is set.
pub(crate) fn flag(message: &Bound<'_, PyDict>, key: &Bound<'_, PyString>) -> bool {
    get(message, key).is_some_and(|value| value.is_truthy().unwrap_or(false))
}

/// A whole number that fits, or 0.
pub(crate) fn number(message: &Bound<'_, PyDict>, key: &Bound<'_, PyString>) -> u16 {
    get(message, key).and_then(|value| value.extract().ok()).unwrap_or(0)
}

/// Whether the text at `key` is this one.
pub(crate) fn is(message: &Bound<'_, PyDict>, key: &Bound<'_, PyString>, text: &[u8]) -> bool {
    with_bytes(message, key, |bytes| bytes == text)
}

/// The bytes at `key`, none if there are none; those of a text are its UTF-8.
pub(crate) fn with_bytes<T>(
    message: &Bound<'_, PyDict>,
    key: &Bound<'_, PyString>,
    read: impl FnOnce(&[u8]) -> T,
) -> T {
    let Some(value) = get(message, key) else { return read(b"") };
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return read(bytes.as_bytes());
    }
    if let Ok(text) = value.cast::<PyString>() {
        return read(utf8(text).as_ref());
    }
    match copied(&value) {
        Ok(bytes) => read(bytes.as_bytes()),
        Err(_) => read(b""),
    }
}

/// A copy of what has the buffer protocol, such as a bytearray. `bytes()` alone would take a number for a length.
pub(crate) fn copied<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let view = PyMemoryView::from(value)?;
    Ok(value.py().get_type::<PyBytes>().call1((view,))?.cast_into()?)
}

/// The text's UTF-8, with a replacement for each lone surrogate.
pub(crate) fn utf8<'a>(text: &'a Bound<'_, PyString>) -> Cow<'a, [u8]> {
    match text.to_str() {
        Ok(text) => Cow::Borrowed(text.as_bytes()),
        Err(_) => Cow::Owned(text.to_string_lossy().into_owned().into_bytes()),
    }
}

/// Adds the text at `key`, or an empty one.
pub(crate) fn push_text(texts: &mut Texts, dict: &Bound<'_, PyDict>, key: &Bound<'_, PyString>) {
    with_bytes(dict, key, |bytes| texts.push(bytes));
}

/// Adds name and value of each header at `headers`: a list of pairs, or as the specification allows any iterable of
/// iterables of two byte strings. What is neither is left out, and so is what can be read only once: the server has to.
pub(crate) fn push_headers(texts: &mut Texts, dict: &Bound<'_, PyDict>) {
    let Some(headers) = get(dict, intern!(dict.py(), "headers")) else { return };
    if let Ok(list) = headers.cast::<PyList>() {
        for pair in list.iter() {
            push_header(texts, &pair);
        }
    } else if let Ok(pairs) = headers.try_iter()
        && !pairs.is(&headers)
    {
        for pair in pairs.map_while(Result::ok) {
            push_header(texts, &pair);
        }
    }
}

/// Adds one of them, if it is a pair of byte strings.
pub(crate) fn push_header(texts: &mut Texts, pair: &Bound<'_, PyAny>) {
    if !texts.has_room() {
        return;
    }
    let (name, value) = match pair.cast::<PyTuple>() {
        Ok(pair) => (pair.get_item(0), pair.get_item(1)),
        Err(_) => (pair.get_item(0), pair.get_item(1)),
    };
    let (Ok(name), Ok(value)) = (name, value) else { return };
    if let (Ok(name), Ok(value)) = (name.cast::<PyBytes>(), value.cast::<PyBytes>()) {
        texts.push(name.as_bytes());
        texts.push(value.as_bytes());
    }
}
