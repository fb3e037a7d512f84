//! The part of the header that never changes.

use super::{HEADER_LEN, IDENTITY_LEN, VERSION, array_at, is_capacity, u32_at, u64_at};
use crc_fast::crc32_iscsi;

const MAGIC: [u8; 8] = *b"offpring";
const CRC_AT: usize = IDENTITY_LEN - 4;

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
