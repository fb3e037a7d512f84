//! One record in a segment: a 64-byte header, then the payload, padded with zeros to a multiple of 8.
//!
//! ```text
//! offset  size
//!      0     8  marker            the spool's own random number: where a frame may begin
//!      8     4  crc32c            of bytes 12..64 and of the payload
//!     12     4  length            of the payload, in bytes
//!     16     8  index             ordinal of the record in the spool's life; a gap says how many are missing
//!     24    16  producer          which ring, or lane of Envoy's, it came from; 0: the exporter itself
//!     40     8  sequence          event: its number there; loss: the producer's counter for that reason
//!     48     8  received_unix_ns  when it was appended
//!     56     1  kind              1 event, 2 loss
//!     57     3  zero
//!     60     4  header_crc32c     of bytes 12..60: whether the length and the index can be believed of a damaged frame
//!     64     …  payload           an encoded `offpath_core::event::Event`
//! ```
//!
//! Integers are little-endian. The marker is random so that no event's content can pass for a frame when a reader
//! looks for the next good one after a damaged one.

use crc_fast::crc32_iscsi;

/// Bytes before the payload.
pub const HEADER: usize = 64;

/// The largest payload: a reader holds a whole frame in memory, and this bounds it.
pub const MAX_PAYLOAD: usize = 8 << 20;

/// An index that no spool comes to: what has it, or a higher one, is damaged, whatever its checksum says.
pub(super) const MAX_INDEX: u64 = 1 << 63;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A record of a producer's.
    Event = 1,
    /// A loss that a producer counted; its payload is an event of kind loss.
    Loss = 2,
}

/// What a frame says of its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Ordinal in the spool's life.
    pub index: u64,
    /// Where it came from.
    pub producer: u128,
    /// Its number there; for a loss, the producer's counter.
    pub sequence: u64,
    /// Nanoseconds since the Unix epoch.
    pub received_unix_ns: u64,
    /// What it is.
    pub kind: Kind,
}

/// Bytes that a payload of `length` takes on disk.
#[must_use]
pub const fn size(length: usize) -> usize {
    HEADER + length.next_multiple_of(8)
}

/// Appends one frame to `out`.
pub fn encode(marker: u64, header: &Header, payload: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&marker.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&header.index.to_le_bytes());
    out.extend_from_slice(&header.producer.to_le_bytes());
    out.extend_from_slice(&header.sequence.to_le_bytes());
    out.extend_from_slice(&header.received_unix_ns.to_le_bytes());
    out.extend_from_slice(&[header.kind as u8, 0, 0, 0]);
    let header_crc = crc32_iscsi(&out[start + 12..]);
    out.extend_from_slice(&header_crc.to_le_bytes());
    out.extend_from_slice(payload);
    let crc = crc32_iscsi(&out[start + 12..]);
    out[start + 8..start + 12].copy_from_slice(&crc.to_le_bytes());
    out.resize(start + size(payload.len()), 0);
}

/// What stands at the start of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// A whole, undamaged frame.
    Frame {
        /// Its header.
        header: Header,
        /// Its payload.
        payload: &'a [u8],
        /// Bytes up to the next frame.
        size: usize,
    },
    /// The bytes end before the frame does, or before its header does; this many are needed.
    Short(usize),
    /// A frame of which only the header is good.
    Damaged(Header),
    /// No frame, as far as can be told.
    None,
}

/// Reads the frame at the start of `bytes`, which may be anything.
#[must_use]
pub fn decode(marker: u64, bytes: &[u8]) -> Decoded<'_> {
    if bytes.len() < HEADER {
        return Decoded::Short(HEADER);
    }
    let Some((header, length)) = decode_header(marker, bytes) else { return Decoded::None };
    let size = size(length);
    if bytes.len() < size {
        return Decoded::Short(size);
    }
    if crc32_iscsi(&bytes[12..HEADER + length]) != u32_at(bytes, 8) {
        return Decoded::Damaged(header);
    }
    Decoded::Frame { header, payload: &bytes[HEADER..HEADER + length], size }
}

/// The marker of the first frame with a good header in `bytes`, for one who does not know it.
#[must_use]
pub fn find_marker(bytes: &[u8]) -> Option<u64> {
    let headers = bytes.windows(HEADER).step_by(8);
    headers
        .map(|header| (u64_at(header, 0), header))
        .find_map(|(marker, header)| decode_header(marker, header).map(|_| marker))
}

/// A header, and the length of the payload that follows.
fn decode_header(marker: u64, bytes: &[u8]) -> Option<(Header, usize)> {
    let kind = match bytes[56] {
        1 => Kind::Event,
        2 => Kind::Loss,
        _ => return None,
    };
    let length = u32_at(bytes, 12) as usize;
    if u64_at(bytes, 0) != marker || length > MAX_PAYLOAD || crc32_iscsi(&bytes[12..60]) != u32_at(bytes, 60)
    {
        return None;
    }
    let header = Header {
        index: u64_at(bytes, 16),
        producer: u128::from(u64_at(bytes, 24)) | u128::from(u64_at(bytes, 32)) << 64,
        sequence: u64_at(bytes, 40),
        received_unix_ns: u64_at(bytes, 48),
        kind,
    };
    (header.index < MAX_INDEX).then_some((header, length))
}

/// Distance from the start of `bytes` to the next place, after the first, where a frame may begin; `None` if none.
#[must_use]
pub fn next_marker(marker: u64, bytes: &[u8]) -> Option<usize> {
    let wanted = marker.to_le_bytes();
    bytes.chunks_exact(8).skip(1).position(|chunk| chunk == wanted).map(|at| (at + 1) * 8)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut field = [0; 4];
    field.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(field)
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut field = [0; 8];
    field.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MARKER: u64 = 0x1122_3344_5566_7788;

    fn header() -> Header {
        Header { index: 7, producer: u128::MAX - 3, sequence: 9, received_unix_ns: 11, kind: Kind::Event }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = Vec::new();
            encode(MARKER, &header(), &payload, &mut bytes);
            prop_assert_eq!(bytes.len() % 8, 0);
            let expected = Decoded::Frame { header: header(), payload: &payload, size: bytes.len() };
            prop_assert_eq!(decode(MARKER, &bytes), expected);
        }

        #[test]
        fn a_flipped_bit_is_never_a_frame(payload in proptest::collection::vec(any::<u8>(), 1..64), bit in 0usize..1024) {
            let mut bytes = Vec::new();
            encode(MARKER, &header(), &payload, &mut bytes);
            let bit = bit % ((HEADER + payload.len()) * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            let is_frame = matches!(decode(MARKER, &bytes), Decoded::Frame { .. });
            prop_assert!(!is_frame);
        }

        #[test]
        fn no_index_is_so_high_that_there_is_none_after_it(index in MAX_INDEX..=u64::MAX) {
            let mut bytes = Vec::new();
            encode(MARKER, &Header { index, ..header() }, b"", &mut bytes);
            prop_assert_eq!(decode(MARKER, &bytes), Decoded::None);
        }

        #[test]
        fn any_bytes_are_decoded_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..300) {
            let mut bytes = bytes;
            if let Some(window) = bytes.get_mut(at..at + 8) {
                window.copy_from_slice(&MARKER.to_le_bytes());
            }
            for start in 0..bytes.len() {
                let _ = decode(MARKER, &bytes[start..]);
                let _ = next_marker(MARKER, &bytes[start..]);
            }
        }
    }
}
