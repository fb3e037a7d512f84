//! Numbers and what else Python's own types have one form for.

use super::{Full, Writer, known};
use pyo3::{
    intern,
    prelude::*,
    types::{PyBool, PyByteArray, PyBytes, PyFloat, PyInt},
};
use std::io::Write as _;

/// Beyond, a number is not exact where JavaScript reads it (Number.MAX_SAFE_INTEGER).
const MOST_EXACT: u64 = (1 << 53) - 1;
/// Longer numbers Python refuses to write out (`sys.set_int_max_str_digits`), after it took long.
const MOST_BITS: u64 = 4096;

impl Writer<'_> {
    /// `None`: it is something else.
    pub(super) fn scalar(&mut self, value: &Bound<'_, PyAny>) -> Option<Result<(), Full>> {
        if value.is_none() {
            return Some(self.raw(b"null"));
        }
        if let Ok(flag) = value.cast::<PyBool>() {
            return Some(self.raw(if flag.is_true() { b"true" } else { b"false" }));
        }
        if let Ok(number) = value.cast::<PyInt>() {
            return Some(self.int(number));
        }
        if let Ok(number) = value.cast::<PyFloat>() {
            return Some(self.float(number.value()));
        }
        if let Ok(bytes) = value.cast::<PyBytes>() {
            return Some(self.bytes(bytes.as_bytes()));
        }
        if let Ok(bytes) = value.cast::<PyByteArray>() {
            // A copy: the app may go on writing to it. As much of it as could be shown.
            let most = self.limits.bytes.saturating_add(4);
            let shown =
                (0..bytes.len().min(most)).map_while(|index| bytes.get_item(index).ok()?.extract().ok());
            let shown: Vec<u8> = shown.collect();
            return Some(self.some_bytes(&shown, bytes.len()));
        }
        None
    }

    fn int(&mut self, number: &Bound<'_, PyInt>) -> Result<(), Full> {
        if let Ok(number) = number.extract::<i64>() {
            let exact = number.unsigned_abs() <= MOST_EXACT;
            let quote = if exact { "" } else { "\"" };
            return self.written(format_args!("{quote}{number}{quote}"));
        }
        if number.cast_exact::<PyInt>().is_err() {
            return self.unknown(number.as_any()); // Its methods may be the app's.
        }
        let bits =
            number.call_method0(intern!(number.py(), "bit_length")).and_then(|bits| bits.extract::<u64>());
        let bits = bits.unwrap_or(u64::MAX);
        if bits > MOST_BITS {
            self.cuts += 1;
            return self.own(&format!("<int of {bits} bits>"));
        }
        match known::decimal(number.as_any()) {
            Some(text) => self.own(&text),
            None => self.unknown(number.as_any()),
        }
    }

    fn float(&mut self, number: f64) -> Result<(), Full> {
        if number.is_nan() {
            return self.raw(b"\"NaN\"");
        }
        if number.is_infinite() {
            return self.raw(if number < 0.0 { b"\"-Infinity\"" } else { b"\"Infinity\"" });
        }
        if number == number.trunc() && number.abs() < 1e16 {
            return self.written(format_args!("{number:.1}"));
        }
        self.written(format_args!("{number:?}"))
    }

    /// Bytes that are text are shown as text.
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Full> {
        self.some_bytes(bytes.get(..self.limits.bytes.saturating_add(4)).unwrap_or(bytes), bytes.len())
    }

    /// The first of so many.
    fn some_bytes(&mut self, bytes: &[u8], length: usize) -> Result<(), Full> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            // They were cut within a character.
            Err(error) if error.error_len().is_none() && bytes.len() < length => {
                std::str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
            }
            Err(_) => return self.own(&format!("<{length} bytes>")),
        };
        let share = self.share(length);
        self.characters(text, length - text.len(), share)
    }

    /// A number, as it is written.
    fn written(&mut self, number: std::fmt::Arguments<'_>) -> Result<(), Full> {
        let before = self.out.len();
        let _ = self.out.write_fmt(number);
        if !self.fair && self.out.len() > self.end {
            self.out.truncate(before);
            return Err(Full);
        }
        Ok(())
    }
}
