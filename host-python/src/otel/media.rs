//! Whether a span may have media in it, which Langfuse's SDK uploads before a span leaves the process.
//!
//! The SDK looks for `data:` URIs, and in JSON for `inline_data`, `inlineData` and a member `data` beside a media type. All
//! have one word in common, so that one pass over a text tells nearly all that have none.

use super::attributes::Pairs;
use crate::asgi::message::utf8;
use memchr::memmem;
use pyo3::{
    prelude::*,
    types::{PyString, PyTuple},
};

const WORD: &[u8] = b"ata";

/// Whether a text among the attributes may have some.
pub(super) fn may_be_in(attributes: &Pairs<'_>) -> PyResult<bool> {
    let finder = memmem::Finder::new(WORD);
    for (_, value) in attributes.iter() {
        let found = match value.cast::<PyTuple>() {
            Ok(items) => items.iter().any(|item| is_in(&finder, &item)),
            Err(_) => is_in(&finder, value),
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_in(finder: &memmem::Finder<'_>, value: &Bound<'_, PyAny>) -> bool {
    let Ok(text) = value.cast::<PyString>() else { return false };
    let text = utf8(text);
    finder.find_iter(&text).any(|at| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + WORD.len()).copied());
        match before.last() {
            Some(b'd') => after == Some(b':') || after == Some(b'"') || before.ends_with(b"inline_d"),
            Some(b'D') => before.ends_with(b"inlineD"),
            _ => false,
        }
    })
}
