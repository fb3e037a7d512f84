//! Python's objects as JSON, within limits: of bytes, of strings' lengths, of items, of depth.
//!
//! What it costs follows the limits and not the object. Nothing of a class that an app has written is called, no `__repr__`,
//! no property, no `__getattr__`: it might raise, block, or load a table from a database. What stands in the place of what
//! is left out is what the exporter writes when it cuts bodies:
//!
//! | left out | what stands there |
//! | --- | --- |
//! | the end of a string | `… (+1234 characters)` at its end |
//! | items of a list, members of a mapping | the item `"… 300 more items"`, the member `"…": "300 more"` |
//! | what is in a container on the deepest level | `"[… 12 items]"`, `"{… 5 members}"` |
//! | a container within itself | `"<circular dict>"` |
//! | an object with no form in JSON | `"<its.module.Class>"` |
//!
//! The first pass writes all there is, and gives up where that is more than is allowed. Then a second one is fair: a
//! string gets at most half of what is left, and of a list the last item is kept, which in a conversation is what it is
//! about. Where that cut a single string, a third one gives this the bytes that the second did not need.

mod class;
mod escape;
mod known;
mod object;
mod scalar;

use super::text;
use pyo3::{
    prelude::*,
    types::{PyDict, PyFrozenSet, PyList, PySet, PyString, PyTuple},
};
use std::io::Write as _;

/// What may be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) bytes: usize,
    /// In characters.
    pub(super) max_string: usize,
    pub(super) max_items: usize,
    pub(super) max_depth: usize,
}

/// Bytes that a mark takes, and what is around it: so many are kept free for it.
const MARK: usize = 32;
/// A fair share of what is left, for a string, is never less.
const LEAST_TEXT: usize = 32;

/// Appends a value's JSON. Returns whether something was left out.
pub(super) fn write(out: &mut Vec<u8>, value: &Bound<'_, PyAny>, limits: Limits) -> bool {
    passes(out, limits, |writer| writer.value(value, 0))
}

/// Appends what a function was called with, as Langfuse's SDK has it: `{"args": […], "kwargs": {…}}`.
pub(super) fn write_call(
    out: &mut Vec<u8>,
    arguments: &[Bound<'_, PyAny>],
    named: Option<&Bound<'_, PyDict>>,
    limits: Limits,
) -> bool {
    passes(out, limits, |writer| {
        writer.raw(b"{\"args\":")?;
        writer.list(arguments.len(), 0, |index| arguments.get(index).cloned())?;
        writer.raw(b",\"kwargs\":")?;
        match named {
            Some(named) => writer.mapping(named, 0)?,
            None => writer.raw(b"{}")?,
        }
        writer.close(b'}');
        Ok(())
    })
}

/// The name of a value's class.
pub(super) fn class_name(value: &Bound<'_, PyAny>) -> String {
    known::class_name(value)
}

/// Appends what stands between the quotes of a string.
pub(super) fn escape(out: &mut Vec<u8>, text: &str) {
    escape::append(out, text);
}

/// The two passes.
fn passes(out: &mut Vec<u8>, limits: Limits, write: impl Fn(&mut Writer<'_>) -> Result<(), Full>) -> bool {
    let start = out.len();
    let mut writer = Writer::new(out, limits, false);
    if write(&mut writer).is_ok() {
        return writer.cuts > 0;
    }
    out.truncate(start);
    // It does not give up.
    let _ = write(&mut Writer::new(out, limits, true));
    true
}

/// The bytes do not allow all there is.
#[derive(Debug)]
struct Full;

#[derive(Debug)]
struct Writer<'o> {
    out: &'o mut Vec<u8>,
    limits: Limits,
    /// Where `out` has to end.
    end: usize,
    /// Whether strings get a share of what is left, and nothing is given up.
    fair: bool,
    /// How often something was left out.
    cuts: usize,
    /// Whether one of it was the end of a string.
    has_cut_text: bool,
    /// Bytes that the first string to be cut gets beyond its share.
    spare: usize,
    /// The containers that are open, by their addresses.
    open: Vec<usize>,
}

impl<'o> Writer<'o> {
    fn new(out: &'o mut Vec<u8>, limits: Limits, fair: bool) -> Self {
        let end = out.len().saturating_add(limits.bytes);
        Self { out, limits, end, fair, cuts: 0, has_cut_text: false, spare: 0, open: Vec::new() }
    }

    fn left(&self) -> usize {
        self.end.saturating_sub(self.out.len())
    }

    /// Writes what has to be there for what comes to be JSON.
    fn raw(&mut self, bytes: &[u8]) -> Result<(), Full> {
        if !self.fair && bytes.len() > self.left() {
            return Err(Full);
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// Ends a container, which always has its end.
    fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
    }

    fn value(&mut self, value: &Bound<'_, PyAny>, depth: usize) -> Result<(), Full> {
        if let Ok(text) = value.cast_exact::<PyString>() {
            return self.text(text);
        }
        if let Some(written) = self.scalar(value) {
            return written;
        }
        if let Ok(list) = value.cast::<PyList>() {
            return self.inside(value, depth, ('[', list.len()), |writer| {
                writer.list(list.len(), depth, |index| list.get_item(index).ok())
            });
        }
        if let Ok(mapping) = value.cast::<PyDict>() {
            return self.inside(value, depth, ('{', mapping.len()), |writer| writer.mapping(mapping, depth));
        }
        if let Ok(tuple) = value.cast::<PyTuple>() {
            return self.inside(value, depth, ('[', tuple.len()), |writer| writer.tuple(tuple, depth));
        }
        if let Ok(text) = value.cast::<PyString>() {
            return self.text(text);
        }
        // Of no class below, whose `__iter__` may be the app's.
        if value.cast_exact::<PySet>().is_ok() || value.cast_exact::<PyFrozenSet>().is_ok() {
            return self.collection(value, depth);
        }
        self.object(value, depth)
    }

    /// What has no places, such as a set.
    fn collection(&mut self, value: &Bound<'_, PyAny>, depth: usize) -> Result<(), Full> {
        let all = value.len().unwrap_or_default();
        let most = self.limits.max_items.saturating_add(1);
        let items: Vec<_> = value.try_iter().into_iter().flatten().take(most).flatten().collect();
        self.inside(value, depth, ('[', all), |writer| {
            writer.list(all, depth, |index| items.get(index).cloned())
        })
    }

    /// A string, or its beginning.
    fn text(&mut self, text: &Bound<'_, PyString>) -> Result<(), Full> {
        let left = self.left();
        let length = text::length(text);
        if !self.fair && length.saturating_add(2) > left {
            return Err(Full);
        }
        let share = self.share(length);
        text::first(text, self.limits.max_string.min(share), |text, more| self.characters(text, more, share))
    }

    /// Bytes that a string of so many characters gets.
    fn share(&mut self, length: usize) -> usize {
        if !self.fair {
            return self.left();
        }
        let fair = (self.left() / 2).max(LEAST_TEXT);
        if length <= fair { fair } else { fair + std::mem::take(&mut self.spare) }
    }

    /// Text, after which `more` characters are left out already, in at most so many bytes.
    fn characters(&mut self, text: &str, more: usize, most: usize) -> Result<(), Full> {
        let fits = cut_to(text, most);
        let more = more + text.get(fits.len()..).map_or(0, |rest| rest.chars().count());
        if !self.fair && fits.len() < text.len() {
            return Err(Full);
        }
        self.raw(b"\"")?;
        escape::append(self.out, fits);
        match more {
            0 => {}
            // Writing to memory does not fail.
            1 => self.mark(format_args!("… (+1 character)")),
            _ => self.mark(format_args!("… (+{more} characters)")),
        }
        self.has_cut_text |= more > 0;
        self.close(b'"');
        // What is escaped is longer.
        if !self.fair && self.out.len() > self.end { Err(Full) } else { Ok(()) }
    }

    /// Says what is left out.
    fn mark(&mut self, mark: std::fmt::Arguments<'_>) {
        self.cuts += 1;
        let _ = self.out.write_fmt(mark);
    }

    /// Text of our own, such as a time.
    fn own(&mut self, text: &str) -> Result<(), Full> {
        let share = self.share(text.len());
        self.characters(text, 0, share)
    }

    /// What is in a container, unless that is too deep or the container is in itself.
    fn inside(
        &mut self,
        container: &Bound<'_, PyAny>,
        depth: usize,
        (bracket, length): (char, usize),
        write: impl FnOnce(&mut Self) -> Result<(), Full>,
    ) -> Result<(), Full> {
        let address = container.as_ptr() as usize;
        if self.open.contains(&address) {
            self.cuts += 1;
            return self.own(&format!("<circular {}>", known::class_name(container)));
        }
        if depth >= self.limits.max_depth && length > 0 {
            self.cuts += 1;
            let s = if length == 1 { "" } else { "s" };
            return self.own(&match bracket {
                '[' => format!("[… {length} item{s}]"),
                _ => format!("{{… {length} member{s}}}"),
            });
        }
        self.open.push(address);
        let written = write(self);
        self.open.pop();
        written
    }

    fn tuple(&mut self, tuple: &Bound<'_, PyTuple>, depth: usize) -> Result<(), Full> {
        self.list(tuple.len(), depth, |index| tuple.get_item(index).ok())
    }

    /// Items, of which a list may have fewer by the time it gets there.
    fn list<'py>(
        &mut self,
        length: usize,
        depth: usize,
        get: impl Fn(usize) -> Option<Bound<'py, PyAny>>,
    ) -> Result<(), Full> {
        if !self.fair && length > self.limits.max_items {
            return Err(Full);
        }
        self.raw(b"[")?;
        let most = self.limits.max_items.min(length);
        // For the last item, so that a long one in the middle does not take its place.
        let kept_back = if self.fair && length > 1 { self.left() / 4 } else { 0 };
        self.end -= kept_back;
        let mut index = 0;
        while index < most {
            let is_last = index + 1 == length;
            if is_last {
                self.end += kept_back;
            } else if self.fair && self.left() < MARK {
                break;
            }
            let Some(item) = get(index) else { break };
            if index > 0 {
                self.raw(b",")?;
            }
            self.value(&item, depth + 1)?;
            index += 1;
        }
        if index < length {
            self.end += kept_back;
            self.rest_of_list(length, index, depth, get)?;
        }
        self.close(b']');
        Ok(())
    }

    /// How many are left out, and the last one.
    fn rest_of_list<'py>(
        &mut self,
        length: usize,
        index: usize,
        depth: usize,
        get: impl Fn(usize) -> Option<Bound<'py, PyAny>>,
    ) -> Result<(), Full> {
        let last = if self.left() > 2 * MARK { get(length - 1) } else { None };
        let more = length - index - usize::from(last.is_some());
        if index > 0 {
            self.raw(b",")?;
        }
        if more > 0 {
            let s = if more == 1 { "" } else { "s" };
            self.mark(format_args!("\"… {more} more item{s}\""));
        }
        if let Some(last) = last {
            self.raw(if more > 0 { b"," } else { b"" })?;
            self.value(&last, depth + 1)?;
        }
        Ok(())
    }

    fn mapping(&mut self, mapping: &Bound<'_, PyDict>, depth: usize) -> Result<(), Full> {
        // Taken out first: what is written may run code that changes it.
        let pairs: Vec<_> = mapping.iter().take(self.limits.max_items).collect();
        self.members(mapping.len(), pairs.into_iter(), depth)
    }

    /// Members, of which there may be more than come.
    fn members<'py>(
        &mut self,
        length: usize,
        pairs: impl Iterator<Item = (Bound<'py, PyAny>, Bound<'py, PyAny>)>,
        depth: usize,
    ) -> Result<(), Full> {
        if !self.fair && length > self.limits.max_items {
            return Err(Full);
        }
        self.raw(b"{")?;
        let mut written = 0;
        for (key, value) in pairs {
            if self.fair && self.left() < MARK {
                break;
            }
            if written > 0 {
                self.raw(b",")?;
            }
            self.key(&key)?;
            self.raw(b":")?;
            self.value(&value, depth + 1)?;
            written += 1;
        }
        let more = length.saturating_sub(written);
        if more > 0 {
            if written > 0 {
                self.raw(b",")?;
            }
            self.mark(format_args!("\"…\":\"{more} more\""));
        }
        self.close(b'}');
        Ok(())
    }

    /// Keys of other types are told by what they look like as values.
    fn key(&mut self, key: &Bound<'_, PyAny>) -> Result<(), Full> {
        if let Ok(text) = key.cast::<PyString>() {
            return self.text(text);
        }
        let mut shown = Vec::new();
        let limits = Limits { bytes: self.left(), ..self.limits };
        passes(&mut shown, limits, |writer| writer.value(key, writer.limits.max_depth));
        let shown = String::from_utf8_lossy(&shown);
        self.own(shown.trim_matches('"'))
    }
}

/// Its beginning of at most so many bytes.
fn cut_to(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}
