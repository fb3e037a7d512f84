//! Where every byte of a ring file lies. Nothing outside this module knows an offset.
//!
//! ```text
//! byte
//!    0  identity, written once, before the file gets its name
//!         0  magic            "offpring"
//!         8  version          u32
//!        12  header length    u32    4096
//!        16  ring id          [16]   random
//!        32  boot id          [16]   /proc/sys/kernel/random/boot_id
//!        48  pid              u32    as the producer sees itself
//!        52  zero             u32
//!        56  start time       u64    clock ticks since boot, field 22 of /proc/self/stat
//!        64  capacity         u64    bytes of the data area, a power of two
//!        72  created          u64    nanoseconds since 1970
//!        80  zero
//!       124  CRC-32C          u32    over bytes 0..124
//!  128  the producer's words, each u64
//!       128  write_pos               bytes written since the ring was made; the one commit word
//!       136  next_sequence           records written; stored after write_pos, so it may lag by one
//!       144  sealed                  1 once the producer has ended cleanly
//!       256  losses           [16]   events refused, one slot for each reason
//!  384  the consumer's words, each u64
//!       384  read_pos                bytes whose space the producer may use again
//!       392  consumer_seen           nanoseconds since 1970, 0 for never
//!       400  retired                 1 once the consumer has given this ring up
//! 4096  data, `capacity` bytes; position `p` lies at 4096 + p % capacity
//! ```
//!
//! A record begins at a multiple of 8 and never wraps:
//!
//! ```text
//!    0  payload length   u32
//!    4  tag              u8     1 record, 2 padding
//!    5  kind             u8     the caller's own
//!    6  zero             u16
//!    8  sequence         u64    0, 1, 2, … without gaps
//!   16  CRC-32C          u32    over bytes 0..16 and the payload
//!   20  zero             u32
//!   24  payload, then up to 7 bytes that mean nothing
//! ```
//!
//! Where a record does not fit before the end of the data, a padding word fills up to that end: a length (its own 8 bytes
//! included), the tag 2, zeros. Only one length is right there, so padding needs no checksum.
//!
//! All numbers are little-endian. The words of producer and consumer lie 128 bytes apart or more, because x86 prefetches
//! cache lines in pairs.

mod identity;
mod record;

pub use self::identity::{BadHeader, Info};
pub(crate) use self::record::{Lead, RecordHeader, padding};

/// The version of this layout. A reader takes no other.
pub const VERSION: u32 = 1;
/// Bytes before the data area.
pub const HEADER_LEN: u64 = 4096;
/// Bytes of the identity at the start of the header.
pub const IDENTITY_LEN: usize = 128;
/// Bytes of a record before its payload.
pub const RECORD_HEADER_LEN: u64 = 24;
/// Bytes of a padding word, and the alignment of every record.
pub const WORD: u64 = 8;
/// The smallest data area in which two records of the largest size fit.
pub const SMALLEST_CAPACITY: u64 = 128;
/// The largest data area: a record's length and its padding fit a u32 with room to spare.
pub const LARGEST_CAPACITY: u64 = 1 << 30;
/// Slots for loss counters, of which a reader of this version may know only some.
pub const LOSS_SLOTS: usize = 16;

/// A shared word of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Bytes written since the ring was made.
    WritePos,
    /// Records written.
    NextSequence,
    /// Whether the producer ended cleanly.
    Sealed,
    /// Bytes whose space the producer may use again.
    ReadPos,
    /// When a consumer last showed itself.
    ConsumerSeen,
    /// Whether the consumer has given this ring up.
    Retired,
    /// Events lost for one reason.
    Loss(u8),
}

impl Word {
    /// The word's offset in the file.
    ///
    /// # Panics
    /// On a loss slot that does not exist.
    pub const fn offset(self) -> usize {
        match self {
            Self::WritePos => 128,
            Self::NextSequence => 136,
            Self::Sealed => 144,
            Self::Loss(slot) => {
                assert!((slot as usize) < LOSS_SLOTS, "no such loss slot");
                256 + 8 * slot as usize
            }
            Self::ReadPos => 384,
            Self::ConsumerSeen => 392,
            Self::Retired => 400,
        }
    }
}

/// Whether a data area may have this many bytes.
pub fn is_capacity(bytes: u64) -> bool {
    bytes.is_power_of_two() && (SMALLEST_CAPACITY..=LARGEST_CAPACITY).contains(&bytes)
}

/// The largest payload that a ring of this capacity takes. With a quarter, a record and the padding before it always fit
/// an empty ring.
pub const fn max_payload(capacity: u64) -> u64 {
    capacity / 4
}

/// Bytes that a record with this payload takes.
pub const fn extent(payload_len: u32) -> u64 {
    (RECORD_HEADER_LEN + payload_len as u64).next_multiple_of(WORD)
}

/// A position or length as an index. Lossless: lib.rs admits only 64-bit targets.
#[expect(clippy::cast_possible_truncation, reason = "64-bit targets only, see lib.rs")]
pub(crate) const fn index(n: u64) -> usize {
    n as usize
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [Word; 6] =
        [Word::WritePos, Word::NextSequence, Word::Sealed, Word::ReadPos, Word::ConsumerSeen, Word::Retired];

    #[test]
    fn words_lie_apart_and_between_identity_and_data() {
        let losses = (0..LOSS_SLOTS).map(|slot| Word::Loss(u8::try_from(slot).unwrap()));
        let mut offsets: Vec<_> = WORDS.into_iter().chain(losses).map(Word::offset).collect();
        offsets.sort_unstable();
        assert!(offsets.windows(2).all(|pair| pair[0] + 8 <= pair[1]));
        assert!(offsets.iter().all(|offset| offset % 8 == 0));
        assert!(offsets[0] >= IDENTITY_LEN && offsets[offsets.len() - 1] + 8 <= index(HEADER_LEN));
    }

    #[test]
    fn the_sides_write_to_cache_lines_of_their_own() {
        let producer = [Word::WritePos, Word::NextSequence, Word::Sealed, Word::Loss(0), Word::Loss(15)];
        let consumer = [Word::ReadPos, Word::ConsumerSeen, Word::Retired];
        for ours in producer {
            assert!(consumer.iter().all(|theirs| ours.offset() / 128 != theirs.offset() / 128), "{ours:?}");
        }
    }

    #[test]
    fn every_extent_is_whole_words_with_room_for_its_payload() {
        assert_eq!([0, 1, 8, 9].map(extent), [24, 32, 32, 40]);
        assert_eq!(extent(u32::MAX), (1 << 32) + 24);
    }

    #[test]
    fn a_record_and_its_padding_fit_every_empty_ring() {
        for bits in 7..=30 {
            let capacity = 1_u64 << bits;
            assert!(is_capacity(capacity));
            let largest = extent(u32::try_from(max_payload(capacity)).unwrap());
            assert!(largest + (largest - WORD) <= capacity, "{capacity}");
        }
    }
}
