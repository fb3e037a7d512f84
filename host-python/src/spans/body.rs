//! Input, output and metadata: a `Body` of the event, written straight from Python's objects.

use super::{
    frame,
    json::{self, Limits},
    text,
};
use crate::sandbox::SpanSettings;
use offpath_wire as wire;
use pyo3::{
    prelude::*,
    types::{PyDict, PyString},
};

/// Tags of `Body`.
const SIZE: u32 = 1;
const HEAD: u32 = 2;
const TAIL: u32 = 3;

/// Tags of `Event`.
pub(super) const SPAN: u32 = 25;
pub(super) const SCORE: u32 = 26;

/// Which part of an event a body is: tag of the message that it is in, and its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) message: u32,
    pub(super) body: u32,
}

pub(super) const INPUT: Part = Part { message: SPAN, body: 3 };
pub(super) const OUTPUT: Part = Part { message: SPAN, body: 4 };
pub(super) const METADATA: Part = Part { message: SPAN, body: 7 };
pub(super) const TRACE_METADATA: Part = Part { message: SPAN, body: 14 };
pub(super) const SCORE_METADATA: Part = Part { message: SCORE, body: 6 };

/// Limits for so many bytes.
pub(super) fn limits(settings: &SpanSettings, bytes: u32) -> Limits {
    let whole = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    Limits {
        bytes: whole(bytes),
        max_string: whole(settings.max_string),
        max_items: whole(settings.max_items),
        max_depth: whole(settings.max_depth),
    }
}

/// Appends a value as a part of an event of its own: Protocol Buffers merge messages that come in several parts. Text is text,
/// all else JSON. Returns whether something was left out.
pub(super) fn write(out: &mut Vec<u8>, part: Part, value: &Bound<'_, PyAny>, limits: Limits) -> bool {
    if limits.bytes == 0 {
        return true;
    }
    match value.cast::<PyString>() {
        Ok(text) => write_text(out, part, text, limits),
        Err(_) => framed(out, part, |out| json::write(out, value, limits)),
    }
}

/// The same of what a function was called with.
pub(super) fn write_call(
    out: &mut Vec<u8>,
    part: Part,
    arguments: &[Bound<'_, PyAny>],
    named: Option<&Bound<'_, PyDict>>,
    limits: Limits,
) -> bool {
    limits.bytes == 0 || framed(out, part, |out| json::write_call(out, arguments, named, limits))
}

/// The same of JSON that is there already.
pub(super) fn write_json(out: &mut Vec<u8>, part: Part, json: &[u8]) {
    framed(out, part, |out| {
        out.extend_from_slice(json);
        false
    });
}

/// The same of text that is there, of which so many bytes more were left out.
pub(super) fn write_str(out: &mut Vec<u8>, part: Part, text: &str, more: usize) {
    parts(out, part, (text.len() + more, text, ""));
}

fn framed(out: &mut Vec<u8>, part: Part, write: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
    let message = frame::open(out, part.message);
    let body = frame::open(out, part.body);
    let head = frame::open(out, HEAD);
    let start = out.len();
    let cut = write(out);
    let size = out.len() - start;
    frame::close(out, head);
    wire::number(out, SIZE, size as u64);
    frame::close(out, body);
    frame::close(out, message);
    cut
}

/// Text that is too long keeps its beginning and, of a quarter of the bytes, its end.
fn write_text(out: &mut Vec<u8>, part: Part, value: &Bound<'_, PyString>, limits: Limits) -> bool {
    let most = limits.bytes.min(limits.max_string.saturating_mul(4));
    let length = text::length(value);
    if length <= limits.max_string {
        let whole = text::first(value, most, |text, more| {
            let fits = more == 0 && text.len() <= most;
            if fits {
                parts(out, part, (text.len(), text, ""));
            }
            fits
        });
        if whole {
            return false;
        }
    }
    let (first, last) = (most - most / 4, most / 4);
    let least = limits.max_string.min(most);
    text::first(value, first.min(least - least / 4), |head, _| {
        text::last(value, last.min(least / 4), |tail| {
            let head = head.get(..head.floor_char_boundary(first)).unwrap_or(head);
            let tail = tail.get(tail.ceil_char_boundary(tail.len().saturating_sub(last))..).unwrap_or(tail);
            // Of other text than ASCII nobody counted the bytes: they are more than the characters.
            parts(out, part, (length.max(head.len() + tail.len() + 1), head, tail));
        });
    });
    true
}

fn parts(out: &mut Vec<u8>, part: Part, (size, head, tail): (usize, &str, &str)) {
    let message = frame::open(out, part.message);
    let body = frame::open(out, part.body);
    wire::number(out, SIZE, size as u64);
    wire::bytes(out, HEAD, head.as_bytes());
    wire::bytes(out, TAIL, tail.as_bytes());
    frame::close(out, body);
    frame::close(out, message);
}
