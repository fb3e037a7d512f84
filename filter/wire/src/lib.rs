//! Protocol Buffers, written field by field (<https://protobuf.dev/programming-guides/encoding/>).
//!
//! `offpath_core::event` defines the layout, and `prost` reads it and writes it wherever time is no matter. What is recorded
//! while an app waits is encoded as it passes instead: with no struct of owned texts in between, that takes half the time
//! (docs/decisions/0001-the-event-is-protocol-buffers.md). Zeros and empty texts are left out, as proto3 does.

#![forbid(unsafe_code)]

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH_DELIMITED: u32 = 2;
const FIXED32: u32 = 5;

/// A `uint32`, `uint64`, `bool` or `enum` field.
#[inline]
pub fn number(out: &mut Vec<u8>, tag: u32, value: u64) {
    if value != 0 {
        present_number(out, tag, value);
    }
}

/// A number that is written even if it is 0, as an `optional` one is.
#[inline]
pub fn present_number(out: &mut Vec<u8>, tag: u32, value: u64) {
    varint(out, u64::from(tag << 3 | VARINT));
    varint(out, value);
}

/// A `fixed64` field.
#[inline]
pub fn fixed64(out: &mut Vec<u8>, tag: u32, value: u64) {
    if value != 0 {
        varint(out, u64::from(tag << 3 | FIXED64));
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// A `fixed32` field.
#[inline]
pub fn fixed32(out: &mut Vec<u8>, tag: u32, value: u32) {
    if value != 0 {
        varint(out, u64::from(tag << 3 | FIXED32));
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// A `double` that is written even if it is 0.
#[inline]
pub fn double(out: &mut Vec<u8>, tag: u32, value: f64) {
    varint(out, u64::from(tag << 3 | FIXED64));
    out.extend_from_slice(&value.to_le_bytes());
}

/// A `bytes` or `string` field, or a message that is encoded already. A string must be UTF-8.
#[inline]
pub fn bytes(out: &mut Vec<u8>, tag: u32, value: &[u8]) {
    if !value.is_empty() {
        head(out, tag, value.len());
        out.extend_from_slice(value);
    }
}

/// Tag and length of what follows: a message, or bytes in parts.
#[inline]
pub fn head(out: &mut Vec<u8>, tag: u32, length: usize) {
    heads(out, [(tag, length)]);
}

/// Several of them, the first byte of each inside the one before. Nearly all have a tag and a length of one byte each, and
/// are then written in one go.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "all were compared")]
pub fn heads<const N: usize>(out: &mut Vec<u8>, heads: [(u32, usize); N]) {
    if heads.iter().all(|(tag, length)| *tag < 0x10 && *length < 0x80) {
        out.extend_from_slice(heads.map(|(tag, length)| [key(tag) as u8, length as u8]).as_flattened());
    } else {
        for (tag, length) in heads {
            varint(out, u64::from(key(tag)));
            varint(out, length as u64);
        }
    }
}

fn key(tag: u32) -> u32 {
    tag << 3 | LENGTH_DELIMITED
}

/// Bytes of a length-delimited field with `length` bytes in it.
#[inline]
pub fn size(tag: u32, length: usize) -> usize {
    varint_size(u64::from(tag << 3)) + varint_size(length as u64) + length
}

/// Bytes of a length-delimited field, where empty ones are left out.
#[inline]
pub fn bytes_size(tag: u32, value: &[u8]) -> usize {
    if value.is_empty() { 0 } else { size(tag, value.len()) }
}

/// Bytes of a number field, where zeros are left out.
#[inline]
pub fn number_size(tag: u32, value: u64) -> usize {
    if value == 0 { 0 } else { present_number_size(tag, value) }
}

/// Bytes of a number field that is written even if it is 0.
#[inline]
pub fn present_number_size(tag: u32, value: u64) -> usize {
    varint_size(u64::from(tag << 3)) + varint_size(value)
}

/// A number alone, as it stands in a packed field.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "seven bits at a time are the encoding")]
pub fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[inline]
fn varint_size(value: u64) -> usize {
    let bits = u64::BITS - (value | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use prost::encoding::{encode_varint, encoded_len_varint};

    proptest! {
        #[test]
        fn varints_are_those_of_prost(value: u64) {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            varint(&mut ours, value);
            encode_varint(value, &mut theirs);
            prop_assert_eq!(&ours, &theirs);
            prop_assert_eq!(varint_size(value), encoded_len_varint(value));
        }

        #[test]
        fn sizes_are_those_of_what_is_written(tag in 1_u32..100, value: u64, content: Vec<u8>) {
            let mut out = Vec::new();
            number(&mut out, tag, value);
            prop_assert_eq!(out.len(), number_size(tag, value));
            out.clear();
            head(&mut out, tag, content.len());
            prop_assert_eq!(out.len() + content.len(), size(tag, content.len()));
            out.clear();
            bytes(&mut out, tag, &content);
            prop_assert_eq!(out.len(), bytes_size(tag, &content));
        }
    }
}
