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

use crc_fast::{CrcAlgorithm, Digest, crc32_iscsi};

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

const MAGIC: [u8; 8] = *b"offpring";
const CRC_AT: usize = IDENTITY_LEN - 4;
const TAG_RECORD: u8 = 1;
const TAG_PADDING: u8 = 2;

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

/// What the producer says of itself and its ring; it never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Random; unique to this ring.
    pub ring_id: u128,
    /// The boot in which the ring was made.
    pub boot_id: [u8; 16],
    /// The producer's process id in its own pid namespace.
    pub pid: u32,
    /// When that process started, in clock ticks since boot.
    pub start_time: u64,
    /// Bytes of the data area.
    pub capacity: u64,
    /// When the ring was made, in nanoseconds since 1970.
    pub created_unix_ns: u64,
}

/// Why a header is not that of a ring this crate reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHeader {
    /// The file is no ring.
    #[error("not a ring file: it does not begin with \"offpring\"")]
    Magic,
    /// Another version of the layout.
    #[error(
        "ring layout version {0}, but this build reads only version {VERSION}: update the older of app and exporter"
    )]
    Version(u32),
    /// The header changed after it was written.
    #[error("ring header checksum is {computed:#010x}, but the header says {stored:#010x}")]
    Checksum {
        /// What the header says.
        stored: u32,
        /// What its bytes give.
        computed: u32,
    },
    /// The checksum is right and a field still is not.
    #[error("ring header field `{field}` must be {rule}, not {value}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// What it must be.
        rule: &'static str,
        /// What it is.
        value: u64,
    },
}

impl Info {
    /// The identity as it lies in the file.
    pub fn encode(&self) -> [u8; IDENTITY_LEN] {
        let mut bytes = [0; IDENTITY_LEN];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&4096_u32.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.ring_id.to_le_bytes());
        bytes[32..48].copy_from_slice(&self.boot_id);
        bytes[48..52].copy_from_slice(&self.pid.to_le_bytes());
        bytes[56..64].copy_from_slice(&self.start_time.to_le_bytes());
        bytes[64..72].copy_from_slice(&self.capacity.to_le_bytes());
        bytes[72..80].copy_from_slice(&self.created_unix_ns.to_le_bytes());
        let crc = crc32_iscsi(&bytes[..CRC_AT]);
        bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads an identity that anyone may have written.
    ///
    /// # Errors
    /// When it is not a valid header of this version.
    pub fn decode(bytes: &[u8; IDENTITY_LEN]) -> Result<Self, BadHeader> {
        if bytes[0..8] != MAGIC {
            return Err(BadHeader::Magic);
        }
        let version = u32_at(bytes, 8);
        if version != VERSION {
            return Err(BadHeader::Version(version));
        }
        let (stored, computed) = (u32_at(bytes, CRC_AT), crc32_iscsi(&bytes[..CRC_AT]));
        if stored != computed {
            return Err(BadHeader::Checksum { stored, computed });
        }
        let header_len = u64::from(u32_at(bytes, 12));
        if header_len != HEADER_LEN {
            return Err(BadHeader::Field { field: "header length", rule: "4096", value: header_len });
        }
        let capacity = u64_at(bytes, 64);
        if !is_capacity(capacity) {
            let rule = "a power of two from 128 bytes to 1 GiB";
            return Err(BadHeader::Field { field: "capacity", rule, value: capacity });
        }
        Ok(Self {
            ring_id: u128::from_le_bytes(array_at(bytes, 16)),
            boot_id: array_at(bytes, 32),
            pid: u32_at(bytes, 48),
            start_time: u64_at(bytes, 56),
            capacity,
            created_unix_ns: u64_at(bytes, 72),
        })
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

/// The first word of whatever lies at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lead {
    Record { payload_len: u32 },
    Padding { len: u64 },
    Neither { tag: u8 },
}

impl Lead {
    pub(crate) fn decode(word: &[u8]) -> Self {
        let len = u32_at(word, 0);
        match (word[4], word[5], u16_at(word, 6)) {
            (TAG_RECORD, _, 0) => Self::Record { payload_len: len },
            (TAG_PADDING, 0, 0) => Self::Padding { len: u64::from(len) },
            (tag, ..) => Self::Neither { tag },
        }
    }
}

/// The padding word for this many bytes.
pub(crate) fn padding(len: u32) -> [u8; index(WORD)] {
    let [a, b, c, d] = len.to_le_bytes();
    [a, b, c, d, TAG_PADDING, 0, 0, 0]
}

/// What stands before a record's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    pub(crate) payload_len: u32,
    pub(crate) kind: u8,
    pub(crate) sequence: u64,
}

impl RecordHeader {
    /// The header's bytes, with the checksum over itself and the payload.
    pub(crate) fn encode(self, payload: &[u8]) -> [u8; index(RECORD_HEADER_LEN)] {
        let mut bytes = [0; index(RECORD_HEADER_LEN)];
        bytes[0..4].copy_from_slice(&self.payload_len.to_le_bytes());
        bytes[4] = TAG_RECORD;
        bytes[5] = self.kind;
        bytes[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        let crc = record_crc(&bytes[..16], payload);
        bytes[16..20].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// The header and payload of a record whose [`Lead`] was checked, or `None` if its checksum is wrong.
    pub(crate) fn decode(record: &[u8]) -> Option<(Self, &[u8])> {
        let (header, rest) = record.split_at_checked(index(RECORD_HEADER_LEN))?;
        let payload_len = u32_at(header, 0);
        let payload = rest.get(..payload_len as usize)?;
        let intact = u32_at(header, 16) == record_crc(&header[..16], payload) && u32_at(header, 20) == 0;
        intact.then(|| (Self { payload_len, kind: header[5], sequence: u64_at(header, 8) }, payload))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a 32-bit checksum in a u64")]
fn record_crc(header: &[u8], payload: &[u8]) -> u32 {
    let mut digest = Digest::new(CrcAlgorithm::Crc32Iscsi);
    digest.update(header);
    digest.update(payload);
    digest.finalize() as u32
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

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, at))
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

    fn info() -> Info {
        Info {
            ring_id: 0x0F0E_0D0C_0B0A_0908_0706_0504_0302_0100,
            boot_id: [0xB0; 16],
            pid: 0x1234_5678,
            start_time: 7,
            capacity: 1 << 20,
            created_unix_ns: 9,
        }
    }

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
    fn an_identity_is_read_as_it_was_written() {
        assert_eq!(Info::decode(&info().encode()), Ok(info()));
    }

    #[test]
    fn an_identity_lies_as_drawn() {
        let bytes = info().encode();
        assert_eq!(&bytes[..16], b"offpring\x01\0\0\0\0\x10\0\0");
        assert_eq!(bytes[16..32], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(bytes[48..52], [0x78, 0x56, 0x34, 0x12]);
        assert_eq!(bytes[64..72], [0, 0, 16, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn any_changed_bit_of_an_identity_is_noticed() {
        for bit in 0..8 * IDENTITY_LEN {
            let mut bytes = info().encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Info::decode(&bytes).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_record_lies_as_drawn() {
        let header = RecordHeader { payload_len: 9, kind: 3, sequence: 0x0102 };
        let bytes = header.encode(b"123456789");
        assert_eq!(bytes[..16], [9, 0, 0, 0, 1, 3, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[20..], [0; 4]);
        let whole = [&bytes[..16], b"123456789"].concat();
        assert_eq!(bytes[16..20], crc32_iscsi(&whole).to_le_bytes());
    }

    #[test]
    fn any_changed_bit_of_a_record_is_noticed() {
        let header = RecordHeader { payload_len: 5, kind: 3, sequence: 4 };
        let record = [&header.encode(b"12345")[..], b"12345"].concat();
        assert_eq!(RecordHeader::decode(&record), Some((header, &b"12345"[..])));
        for bit in 0..8 * record.len() {
            let mut changed = record.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            // The tag is the business of `Lead`, but it is under the checksum too.
            assert_eq!(RecordHeader::decode(&changed), None, "bit {bit}");
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
