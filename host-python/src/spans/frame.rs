//! Messages whose length is known only when they are written: the length is left open, and filled in at the end.

use offpath_wire as wire;

/// Bytes of a length that was left open: it is written as a varint of so many, however small it is, which every reader takes
/// (<https://protobuf.dev/programming-guides/encoding/#varints>).
const LENGTH: usize = 4;
const LONGEST: usize = (1 << (7 * LENGTH)) - 1;

/// Where a message begins whose length is still open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open(usize);

/// Begins a message, or bytes, under this tag.
pub(super) fn open(out: &mut Vec<u8>, tag: u32) -> Open {
    const LENGTH_DELIMITED: u32 = 2;
    wire::varint(out, u64::from(tag << 3 | LENGTH_DELIMITED));
    out.extend_from_slice(&[0; LENGTH]);
    Open(out.len())
}

/// Ends it: what was written since is in it.
#[allow(clippy::cast_possible_truncation, reason = "seven bits at a time are the encoding")]
pub(super) fn close(out: &mut [u8], Open(start): Open) {
    let mut length = out.len().saturating_sub(start).min(LONGEST);
    let Some(bytes) = start.checked_sub(LENGTH).and_then(|at| out.get_mut(at..start)) else { return };
    for byte in &mut *bytes {
        *byte = length as u8 & 0x7f | 0x80;
        length >>= 7;
    }
    if let Some(last) = bytes.last_mut() {
        *last &= 0x7f;
    }
}
