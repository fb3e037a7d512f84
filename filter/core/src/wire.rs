//! Protocol Buffers, written field by field: what `offpath-wire` has, and texts as they were sent.

pub(crate) use offpath_wire::*;

use crate::text::clipped;

/// A `string` field of at most `max` bytes of what was sent, read as ISO 8859-1 if it is not UTF-8.
pub(crate) fn text(out: &mut Vec<u8>, tag: u32, value: &[u8], max: usize) {
    bytes(out, tag, &clipped(value, max));
}
