//! Python's strings as bytes, at a cost that follows what is wanted of them and not their length.

use pyo3::{
    intern,
    prelude::*,
    types::{PySequence, PyString},
};

/// Strings of so many characters are looked at where they are. Of others Python may have to make another form, which it then
/// keeps as long as the string, so a piece is taken out of them first.
const SHORT: usize = 1024;

/// Its characters. Of a class below `str`, whose `__len__` may be the app's, they are counted.
pub(super) fn length(text: &Bound<'_, PyString>) -> usize {
    if text.is_exact_instance_of::<PyString>() {
        return text.len().unwrap_or_default();
    }
    whole(text, |text| text.chars().count())
}

/// A string's first characters, at most `most`, and how many are left out.
pub(super) fn first<T>(text: &Bound<'_, PyString>, most: usize, read: impl FnOnce(&str, usize) -> T) -> T {
    let length = length(text);
    piece(text, 0, length.min(most), length, |piece| read(piece, length.saturating_sub(most)))
}

/// A string's last characters, at most `most`.
pub(super) fn last<T>(text: &Bound<'_, PyString>, most: usize, read: impl FnOnce(&str) -> T) -> T {
    let length = length(text);
    piece(text, length.saturating_sub(most), length, length, read)
}

/// Its first characters, as a string of Rust.
pub(super) fn short(text: &Bound<'_, PyString>, most: usize) -> String {
    first(text, most, |text, _| text.to_owned())
}

fn piece<T>(
    text: &Bound<'_, PyString>,
    from: usize,
    to: usize,
    length: usize,
    read: impl FnOnce(&str) -> T,
) -> T {
    if !text.is_exact_instance_of::<PyString>() {
        return whole(text, |all| {
            let at = |place: usize| all.char_indices().nth(place).map_or(all.len(), |(at, _)| at);
            read(all.get(at(from)..at(to)).unwrap_or_default())
        });
    }
    if length > SHORT
        && is_ascii(text)
        && let Some(piece) = text.to_str().ok().and_then(|all| all.get(from..to))
    {
        return read(piece);
    }
    if from == 0 && to == length && length <= SHORT {
        return whole(text, read);
    }
    let sliced = text.cast::<PySequence>().ok().and_then(|text| text.get_slice(from, to).ok());
    match sliced.as_ref().and_then(|piece| piece.cast::<PyString>().ok()) {
        Some(piece) => whole(piece, read),
        None => read(""),
    }
}

/// Half of a surrogate pair alone, which UTF-8 does not have, reads as U+FFFD.
fn whole<T>(text: &Bound<'_, PyString>, read: impl FnOnce(&str) -> T) -> T {
    match text.to_str() {
        Ok(text) => read(text),
        Err(_) => read(&text.to_string_lossy()),
    }
}

/// Python knows without looking.
fn is_ascii(text: &Bound<'_, PyString>) -> bool {
    text.call_method0(intern!(text.py(), "isascii")).is_ok_and(|answer| answer.is_truthy().unwrap_or(false))
}
