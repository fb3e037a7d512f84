//! Values of attributes: whatever Python has, as far as it may be kept.
//!
//! ```text
//! AnyValue     = string 1 | bool 2 | int64 3 | double 4 | ArrayValue 5 | KeyValueList 6 | bytes 7; none of them: None
//! ArrayValue   = AnyValue values 1
//! KeyValueList = KeyValue values 1
//! KeyValue     = string key 1, AnyValue value 2
//! ```
//!
//! <https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto>

use super::text::{Text, boundary, class_of};
use crate::{asgi::message::utf8, sandbox::SpanSettings};
use offpath_wire as wire;
use pyo3::{
    intern,
    prelude::*,
    types::{PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple},
};

pub(super) const STRING: u32 = 1;
const BOOL: u32 = 2;
const INT: u32 = 3;
const DOUBLE: u32 = 4;
const ARRAY: u32 = 5;
const MAPPING: u32 = 6;
const BYTES: u32 = 7;
const ITEM: u32 = 1;
pub(super) const KEY: u32 = 1;
pub(super) const VALUE: u32 = 2;

/// Longest key, in bytes.
const LONGEST_KEY: usize = 512;
/// Digits of a number take time by their square.
const MOST_BITS: u64 = 4096;
/// What an item counts at least, so that empty ones come to an end too.
const LEAST: usize = 4;

/// How much is kept of a value, and whether all was.
#[derive(Debug)]
pub(super) struct Limits {
    /// Bytes of a value.
    pub(super) bytes: usize,
    items: usize,
    depth: usize,
    /// Whether something was left out.
    pub(super) cut: bool,
}

impl Limits {
    pub(super) fn new(settings: &SpanSettings) -> Self {
        Self {
            bytes: settings.attribute as usize,
            items: settings.max_items as usize,
            depth: settings.max_depth as usize,
            cut: false,
        }
    }
}

/// A value: text, which may be cut further, or the encoded `AnyValue` of all else.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Text(Text<'a>),
    Encoded(Vec<u8>),
}

impl<'a> Value<'a> {
    pub(super) fn new(value: &'a Bound<'_, PyAny>, limits: &mut Limits) -> PyResult<Self> {
        if let Ok(text) = value.cast::<PyString>() {
            return Ok(Self::Text(Text::new(text, limits.bytes)?));
        }
        let mut encoded = Vec::new();
        let mut left = limits.bytes;
        write(&mut encoded, value, limits, 0, &mut left)?;
        Ok(Self::Encoded(encoded))
    }
}

/// A key, as far as it is kept.
pub(super) fn key<'a>(key: &'a Bound<'_, PyAny>) -> std::borrow::Cow<'a, [u8]> {
    let Ok(text) = key.cast::<PyString>() else { return b"?".as_slice().into() };
    let mut text = utf8(text);
    if text.len() > LONGEST_KEY {
        text = text.get(..boundary(&text, LONGEST_KEY)).unwrap_or_default().to_vec().into();
    }
    text
}

/// Writes an `AnyValue`'s content. `left`: bytes that the whole value may still take.
fn write(
    out: &mut Vec<u8>,
    value: &Bound<'_, PyAny>,
    limits: &mut Limits,
    depth: usize,
    left: &mut usize,
) -> PyResult<()> {
    if value.is_none() {
        return Ok(());
    }
    if let Ok(text) = value.cast::<PyString>() {
        write_text(out, &Text::new(text, *left)?, limits, left);
    } else if let Ok(flag) = value.cast::<PyBool>() {
        wire::present_number(out, BOOL, u64::from(flag.is_true()));
    } else if let Ok(number) = value.cast::<PyInt>() {
        match number.extract::<i64>() {
            Ok(number) => wire::present_number(out, INT, number.cast_unsigned()),
            Err(_) => write_text(out, &Text::own(digits(number)?), limits, left),
        }
    } else if let Ok(number) = value.cast::<PyFloat>() {
        wire::double(out, DOUBLE, number.value());
    } else if let Ok(bytes) = value.cast::<PyBytes>() {
        write_bytes(out, bytes.as_bytes(), limits, left);
    } else if let Ok(bytes) = value.cast::<PyByteArray>() {
        write_bytes(out, &bytes.to_vec(), limits, left);
    } else if let Ok(items) = value.cast::<PyTuple>() {
        write_items(out, items.iter(), items.len(), limits, depth, left)?;
    } else if let Ok(items) = value.cast::<PyList>() {
        write_items(out, items.iter(), items.len(), limits, depth, left)?;
    } else if let Ok(members) = value.cast::<PyDict>() {
        write_members(out, members, limits, depth, left)?;
    } else {
        write_text(out, &class_of(value), limits, left);
    }
    Ok(())
}

fn write_text(out: &mut Vec<u8>, text: &Text<'_>, limits: &mut Limits, left: &mut usize) {
    let cut = text.cut(*left);
    limits.cut |= !cut.mark.is_empty();
    *left = left.saturating_sub(cut.len());
    wire::head(out, STRING, cut.len());
    out.extend_from_slice(cut.kept);
    out.extend_from_slice(cut.mark.as_bytes());
}

/// Of bytes nothing can say that some are missing but what is beside them: OTLP has no place for it.
fn write_bytes(out: &mut Vec<u8>, bytes: &[u8], limits: &mut Limits, left: &mut usize) {
    let kept = bytes.get(..*left).unwrap_or(bytes);
    limits.cut |= kept.len() < bytes.len();
    *left -= kept.len();
    wire::head(out, BYTES, kept.len());
    out.extend_from_slice(kept);
}

fn write_items<'py>(
    out: &mut Vec<u8>,
    items: impl Iterator<Item = Bound<'py, PyAny>>,
    count: usize,
    limits: &mut Limits,
    depth: usize,
    left: &mut usize,
) -> PyResult<()> {
    let (mut array, mut encoded) = (Vec::new(), Vec::new());
    let mut written = 0;
    for item in items {
        if written >= limits.items || depth >= limits.depth || *left < LEAST {
            break;
        }
        *left -= LEAST;
        encoded.clear();
        write(&mut encoded, &item, limits, depth + 1, left)?;
        wire::head(&mut array, ITEM, encoded.len());
        array.extend_from_slice(&encoded);
        written += 1;
    }
    if written < count {
        limits.cut = true;
        let missing = count - written;
        let mark = format!("… {missing} more item{}", if missing == 1 { "" } else { "s" });
        wire::heads(&mut array, [(ITEM, wire::size(STRING, mark.len())), (STRING, mark.len())]);
        array.extend_from_slice(mark.as_bytes());
    }
    wire::head(out, ARRAY, array.len());
    out.extend_from_slice(&array);
    Ok(())
}

fn write_members(
    out: &mut Vec<u8>,
    members: &Bound<'_, PyDict>,
    limits: &mut Limits,
    depth: usize,
    left: &mut usize,
) -> PyResult<()> {
    let (mut list, mut encoded) = (Vec::new(), Vec::new());
    let (mut written, count) = (0, members.len());
    for (name, member) in members.iter() {
        if written >= limits.items || depth >= limits.depth || *left < LEAST {
            break;
        }
        *left -= LEAST;
        encoded.clear();
        write(&mut encoded, &member, limits, depth + 1, left)?;
        let name = key(&name);
        *left = left.saturating_sub(name.len());
        push_pair(&mut list, ITEM, &name, &encoded);
        written += 1;
    }
    if written < count {
        limits.cut = true;
        encoded.clear();
        let mark = format!("{} more", count - written);
        wire::bytes(&mut encoded, STRING, mark.as_bytes());
        push_pair(&mut list, ITEM, "…".as_bytes(), &encoded);
    }
    wire::head(out, MAPPING, list.len());
    out.extend_from_slice(&list);
    Ok(())
}

/// Writes a `KeyValue`, whose value is encoded, as this field.
pub(super) fn push_pair(out: &mut Vec<u8>, tag: u32, key: &[u8], value: &[u8]) {
    let size = wire::size(KEY, key.len()) + wire::size(VALUE, value.len());
    wire::heads(out, [(tag, size), (KEY, key.len())]);
    out.extend_from_slice(key);
    wire::head(out, VALUE, value.len());
    out.extend_from_slice(value);
}

/// A number that 64 bits do not hold.
fn digits(number: &Bound<'_, PyInt>) -> PyResult<String> {
    let py = number.py();
    // A class of the app's own may write itself in another way.
    let int = py.get_type::<PyInt>();
    let bits: u64 = int.getattr(intern!(py, "bit_length"))?.call1((number,))?.extract()?;
    if bits > MOST_BITS {
        return Ok(format!("<int of {bits} bits>"));
    }
    int.getattr(intern!(py, "__repr__"))?.call1((number,))?.extract()
}
