//! What stands at the start of a record or of padding.

use super::{RECORD_HEADER_LEN, WORD, array_at, index, u32_at, u64_at};
use crc_fast::{CrcAlgorithm, Digest};

const TAG_RECORD: u8 = 1;
const TAG_PADDING: u8 = 2;

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
        match (word[4], word[5], u16::from_le_bytes(array_at(word, 6))) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crc_fast::crc32_iscsi;

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
}
