//! The attributes of a span, of an event or a link of it, of a resource or a scope: as many and as much of them as fit.

use super::{
    text::Cut,
    value::{KEY, Limits, STRING, VALUE, Value, key, push_pair},
};
use offpath_wire as wire;
use pyo3::{
    intern,
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::borrow::Cow;

/// Where there is no room, a text is cut to no less than this before any attribute is left out.
const LEAST_TEXT: usize = 256;
/// Most attributes that are looked at.
const MOST: usize = 4096;

/// Names and values, held while they are written.
#[derive(Debug, Default)]
pub(super) struct Pairs<'py> {
    pairs: Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    /// How many there are beyond.
    beyond: usize,
}

impl<'py> Pairs<'py> {
    /// Those of a mapping, or of none. OpenTelemetry's own class keeps them in a dict, which is read at once.
    pub(super) fn of(mapping: &Bound<'py, PyAny>) -> PyResult<Self> {
        if mapping.is_none() {
            return Ok(Self::default());
        }
        if let Ok(dict) = mapping.cast::<PyDict>() {
            return Ok(Self::of_dict(dict));
        }
        if let Some(inner) = mapping.getattr_opt(intern!(mapping.py(), "_dict"))?
            && let Ok(dict) = inner.cast::<PyDict>()
        {
            return Ok(Self::of_dict(dict));
        }
        let mut pairs = Vec::new();
        for pair in mapping.call_method0(intern!(mapping.py(), "items"))?.try_iter()?.take(MOST) {
            let pair = pair?;
            let pair = pair.cast::<PyTuple>()?;
            pairs.push((pair.get_item(0)?, pair.get_item(1)?));
        }
        Ok(Self { pairs, beyond: 0 })
    }

    fn of_dict(dict: &Bound<'py, PyDict>) -> Self {
        Self { pairs: dict.iter().take(MOST).collect(), beyond: dict.len().saturating_sub(MOST) }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        self.pairs.iter()
    }
}

/// Attributes that are ready to be written as one field of the same tag each.
#[derive(Debug)]
pub(super) struct Attributes<'a> {
    tag: u32,
    list: Vec<(Cow<'a, [u8]>, Value<'a>)>,
    /// Bytes that a text may have.
    text: usize,
    /// How many were left out.
    pub(super) dropped: usize,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(tag: u32, pairs: &'a Pairs<'_>, limits: &mut Limits) -> PyResult<Self> {
        let mut list = Vec::with_capacity(pairs.pairs.len());
        for (name, value) in &pairs.pairs {
            list.push((key(name), Value::new(value, limits)?));
        }
        let text = limits.bytes;
        limits.cut |= pairs.beyond > 0
            || list.iter().any(|(_, value)| matches!(value, Value::Text(value) if !value.fits(text)));
        Ok(Self { tag, list, text, dropped: pairs.beyond })
    }

    /// Has them take no more than so many bytes: texts are cut further, the longest first, and then the largest
    /// attributes are left out. Returns how many they take.
    pub(super) fn fit(&mut self, room: usize, limits: &mut Limits) -> usize {
        let mut size = self.size(self.text);
        if size <= room {
            return size;
        }
        limits.cut = true;
        let (mut fits, mut too_long) = (LEAST_TEXT.min(self.text), self.text);
        while too_long - fits > 1 {
            let middle = fits.midpoint(too_long);
            if self.size(middle) <= room {
                fits = middle;
            } else {
                too_long = middle;
            }
        }
        self.text = fits;
        size = self.size(fits);
        while size > room {
            let sizes = self.list.iter().map(|attribute| self.one(attribute, fits)).enumerate();
            let Some((largest, gone)) = sizes.max_by_key(|(_, size)| *size) else { break };
            self.list.remove(largest);
            self.dropped += 1;
            size -= gone;
        }
        size
    }

    /// Bytes of all of them, with texts of so many.
    fn size(&self, text: usize) -> usize {
        self.list.iter().map(|attribute| self.one(attribute, text)).sum()
    }

    fn one(&self, (key, value): &(Cow<'a, [u8]>, Value<'a>), text: usize) -> usize {
        let value = match value {
            Value::Text(value) => wire::size(STRING, value.cut(text).len()),
            Value::Encoded(value) => value.len(),
        };
        wire::size(self.tag, wire::size(KEY, key.len()) + wire::size(VALUE, value))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for (key, value) in &self.list {
            match value {
                Value::Text(text) => {
                    let Cut { kept, mark } = text.cut(self.text);
                    let length = kept.len() + mark.len();
                    let any = wire::size(STRING, length);
                    let size = wire::size(KEY, key.len()) + wire::size(VALUE, any);
                    wire::heads(out, [(self.tag, size), (KEY, key.len())]);
                    out.extend_from_slice(key);
                    wire::heads(out, [(VALUE, any), (STRING, length)]);
                    out.extend_from_slice(kept);
                    out.extend_from_slice(mark.as_bytes());
                }
                Value::Encoded(value) => push_pair(out, self.tag, key, value),
            }
        }
    }
}
