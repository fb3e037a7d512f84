//! A batch on its way from Redis into the spool, as a file: it is written before Redis is told to let go of the entries, and
//! removed when the spool has them.
//!
//! ```text
//! <data_dir>/redis/batch
//!
//! offset  size
//!      0     8  magic    "OFPBATCH"
//!      8     4  crc32c   of all that follows
//!     12    16  id       of this batch, random and even
//!     28    16  before   what Redis has noted of this reader until it notes this batch
//!     44     8  first    the spool's number for the first entry
//!     52     …  entries  each: length, 4 bytes, then as many bytes of an event; 0xffffffff: the entry is gone
//! ```
//!
//! Integers are little-endian. The file is renamed into place, so a kill leaves it whole or not there. It is not synced: what
//! a power cut takes of it came within the spool's `sync`, and would have been taken from the spool.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use crc_fast::crc32_iscsi;

use crate::ids;

const MAGIC: &[u8; 8] = b"OFPBATCH";
const START: usize = 52;
const GONE: u32 = u32::MAX;

/// Entries, and who they are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch {
    /// Its name in Redis.
    pub(super) id: u128,
    /// What is noted of the reader until this batch is.
    pub(super) before: u128,
    /// The spool's number for the first entry; the others follow.
    pub(super) first: u64,
    /// The events, as they came; `None` where the entry was removed from the stream before anybody read it.
    pub(super) events: Vec<Option<Vec<u8>>>,
}

/// A new name for a batch.
pub(super) fn random_id() -> u128 {
    (u128::from(ids::random_u64()) << 64 | u128::from(ids::random_u64())) & !1
}

impl Batch {
    /// What is noted in place of this batch once it is known not to have been taken, so that it never is.
    pub(super) fn barred(&self) -> u128 {
        self.id | 1
    }

    /// Writes it.
    pub(super) fn save(&self, path: &Path) -> io::Result<()> {
        let temporary = path.with_extension("new");
        let mut file =
            File::options().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&self.to_bytes())?;
        fs::rename(&temporary, path)
    }

    /// Reads it; `None` if there is none. One that is damaged is an error of kind `InvalidData`.
    pub(super) fn load(path: &Path) -> io::Result<Option<Self>> {
        match fs::read(path) {
            Ok(bytes) => Self::from_bytes(&bytes).map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&self.id.to_le_bytes());
        bytes.extend_from_slice(&self.before.to_le_bytes());
        bytes.extend_from_slice(&self.first.to_le_bytes());
        for event in &self.events {
            let length = event.as_ref().and_then(|event| u32::try_from(event.len()).ok());
            bytes.extend_from_slice(&length.unwrap_or(GONE).to_le_bytes());
            bytes.extend_from_slice(event.as_deref().unwrap_or_default());
        }
        let crc = crc32_iscsi(&bytes[12..]);
        bytes[8..12].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (start, mut rest) = bytes.split_at_checked(START)?;
        let crc = u32::from_le_bytes(start[8..12].try_into().ok()?);
        if &start[..8] != MAGIC || crc != crc32_iscsi(&bytes[12..]) {
            return None;
        }
        let id = u128::from_le_bytes(start[12..28].try_into().ok()?);
        let before = u128::from_le_bytes(start[28..44].try_into().ok()?);
        let first = u64::from_le_bytes(start[44..52].try_into().ok()?);
        let mut events = Vec::new();
        while let Some((length, after)) = rest.split_first_chunk() {
            let (event, after) = match u32::from_le_bytes(*length) {
                GONE => (None, after),
                length => after
                    .split_at_checked(length as usize)
                    .map(|(event, rest)| (Some(event.to_vec()), rest))?,
            };
            events.push(event);
            rest = after;
        }
        Some(Self { id, before, first, events })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn batch() -> Batch {
        let events = vec![Some(b"one".to_vec()), None, Some(Vec::new()), Some(vec![7; 300])];
        Batch { id: random_id(), before: 5, first: 9, events }
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("batch");
        assert_eq!(Batch::load(&path).expect("none"), None);
        let batch = batch();
        batch.save(&path).expect("saved");
        assert_eq!(Batch::load(&path).expect("loaded"), Some(batch));
    }

    proptest! {
        #[test]
        fn a_flipped_bit_or_a_torn_end_is_no_batch(at in 0usize..371, bit in 0u8..8, torn: bool) {
            let mut bytes = batch().to_bytes();
            prop_assert_eq!(bytes.len(), 371);
            if torn { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
            prop_assert_eq!(Batch::from_bytes(&bytes), None);
        }
    }
}
