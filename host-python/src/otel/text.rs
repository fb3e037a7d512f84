//! Strings on their way into a span: their UTF-8, and where it is cut.

use crate::asgi::message::utf8;
use pyo3::{
    intern,
    prelude::*,
    types::{PySlice, PyString},
};
use std::borrow::Cow;

/// Room for the mark that says how much is missing.
const MARK: usize = 40;

/// A string, as far as it may be kept.
#[derive(Debug)]
pub(super) struct Text<'a> {
    utf8: Cow<'a, [u8]>,
    /// Of all of it, in characters: Python knows that without looking.
    characters: usize,
    /// Whether `utf8` is all of it.
    whole: bool,
}

/// What is written of a text.
#[derive(Debug)]
pub(super) struct Cut<'a> {
    pub(super) kept: &'a [u8],
    /// Empty if nothing is missing.
    pub(super) mark: String,
}

impl Cut<'_> {
    pub(super) fn len(&self) -> usize {
        self.kept.len() + self.mark.len()
    }
}

impl<'a> Text<'a> {
    /// A text of ours.
    pub(super) fn own(text: String) -> Self {
        let characters = text.chars().count();
        Self { utf8: Cow::Owned(text.into_bytes()), characters, whole: true }
    }

    /// Takes at most `limit` characters of a string. What is beyond is not even encoded, unless that costs nothing.
    pub(super) fn new(text: &'a Bound<'_, PyString>, limit: usize) -> PyResult<Self> {
        let py = text.py();
        let is_plain = text.is_exact_instance_of::<PyString>();
        // A class of the app's own may have another idea of its length.
        let characters = if is_plain {
            text.len()?
        } else {
            let length = py.get_type::<PyString>().getattr(intern!(py, "__len__"))?;
            length.call1((text,))?.extract()?
        };
        let is_short = characters <= limit;
        if is_short || is_plain && text.call_method0(intern!(py, "isascii"))?.is_truthy()? {
            return Ok(Self { utf8: utf8(text), characters, whole: true });
        }
        let slice = PySlice::new(py, 0, isize::try_from(limit)?, 1);
        let part = py.get_type::<PyString>().getattr(intern!(py, "__getitem__"))?.call1((text, slice))?;
        let utf8 = utf8(part.cast()?).into_owned();
        Ok(Self { utf8: Cow::Owned(utf8), characters, whole: false })
    }

    /// Whether all of it fits into so many bytes.
    pub(super) fn fits(&self, limit: usize) -> bool {
        self.whole && self.utf8.len() <= limit
    }

    /// What of it fits into so many bytes, with a mark for the rest.
    pub(super) fn cut(&self, limit: usize) -> Cut<'_> {
        if self.fits(limit) {
            return Cut { kept: &self.utf8, mark: String::new() };
        }
        let kept = self.utf8.get(..boundary(&self.utf8, limit.saturating_sub(MARK))).unwrap_or_default();
        let is_ascii = self.whole && self.characters == self.utf8.len();
        let missing = self.characters.saturating_sub(if is_ascii { kept.len() } else { characters(kept) });
        let plural = if missing == 1 { "" } else { "s" };
        Cut { kept, mark: format!("… (+{missing} character{plural})") }
    }
}

/// The end of the last whole character in the first `limit` bytes.
pub(super) fn boundary(utf8: &[u8], limit: usize) -> usize {
    if limit >= utf8.len() {
        return utf8.len();
    }
    (0..=limit).rev().find(|&end| utf8.get(end).is_none_or(|byte| !is_continuation(*byte))).unwrap_or(0)
}

/// Counted in bytes of a machine word or more at a time: no part has more than a byte can count.
fn characters(utf8: &[u8]) -> usize {
    let of_part =
        |part: &[u8]| part.iter().fold(0_u8, |count, byte| count + u8::from(!is_continuation(*byte)));
    utf8.chunks(usize::from(u8::MAX)).map(|part| usize::from(of_part(part))).sum()
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// The name of what has no other form: its class's.
pub(super) fn class_of(value: &Bound<'_, PyAny>) -> Text<'static> {
    let name = value.get_type().name();
    let name = name.as_ref().map(|name| name.to_string_lossy()).unwrap_or_default();
    Text::own(format!("<{name}>"))
}
