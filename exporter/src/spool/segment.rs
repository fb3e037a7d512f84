//! A segment: one file of the spool, named after the index of its first record.
//!
//! ```text
//! segment = header, state, frame*
//!
//! offset  size
//!      0     8  magic        "OFPSPOOL"
//!      8     4  crc32c       of bytes 12.. up to the end of the state
//!     12     4  version      1
//!     16     8  marker       the spool's own random number: begins each frame, and says which spool this is
//!     24     8  first        index of the first record
//!     32     8  created_ns   in the spool's own time: see `clock`
//!     40     4  state_length
//!     44     4  boot         crc32c of the id of the machine's start in which it was created
//!     48     …  state        JSON, padded with zeros to a multiple of 8: what was taken of each producer before `first`
//! ```
//!
//! Integers are little-endian. A segment appears under its name with its header whole, for it is renamed into place.

use std::{
    io,
    path::{Path, PathBuf},
};

use crc_fast::crc32_iscsi;

use super::{
    frame::{MAX_INDEX, u32_at, u64_at},
    state::ProducerStates,
    system::{File, Open, System},
};

const MAGIC: &[u8; 8] = b"OFPSPOOL";
const VERSION: u32 = 1;
/// Bytes before the state.
pub(super) const HEADER: usize = 48;

/// More producers than a machine has: what bounds the read of a damaged header.
const MAX_STATE: usize = 16 << 20;

/// What a segment's header says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    pub(super) marker: u64,
    pub(super) first: u64,
    pub(super) boot: u32,
    pub(super) created_ns: u64,
    pub(super) states: ProducerStates,
}

/// Where the segment that begins with `first` lies.
pub(super) fn path(directory: &Path, first: u64) -> PathBuf {
    directory.join(format!("{first:020}.seg"))
}

/// Index of the first record of each segment in `directory`, in ascending order.
pub(super) fn list(system: &dyn System, directory: &Path) -> io::Result<Vec<u64>> {
    let names = system.list(directory)?;
    let indexes = names.iter().filter_map(|name| name.strip_suffix(".seg")?.parse().ok());
    let mut found: Vec<u64> = indexes.filter(|first| *first < MAX_INDEX).collect();
    found.sort_unstable();
    Ok(found)
}

/// Creates a segment and returns it with its length.
pub(super) fn create(
    system: &dyn System,
    directory: &Path,
    header: &Header,
) -> io::Result<(Box<dyn File>, u64)> {
    let bytes = encode(header)?;
    let path = path(directory, header.first);
    let temporary = path.with_extension("new");
    // What is left of another must not come back with a power cut.
    let _ = system.remove(&temporary);
    let created = system.open(&temporary, Open::Create).and_then(|file| {
        file.write_all(&bytes, 0)?;
        system.rename(&temporary, &path)?;
        Ok((file, bytes.len() as u64))
    });
    if created.is_err() {
        // It holds no record, and on a full disk its bytes are wanted.
        let _ = system.remove(&temporary);
    }
    created
}

/// Reads a segment's header and returns it with the offset of the first frame; `None` if it is damaged.
pub(super) fn read_header(file: &dyn File) -> io::Result<Option<(Header, u64)>> {
    let Some(fixed) = file.read_exactly(0, HEADER)? else { return Ok(None) };
    let length = u32_at(&fixed, 40) as usize;
    if &fixed[..8] != MAGIC || u32_at(&fixed, 12) != VERSION || length > MAX_STATE {
        return Ok(None);
    }
    let size = HEADER + length.next_multiple_of(8);
    let Some(bytes) = file.read_exactly(0, size)? else { return Ok(None) };
    if crc32_iscsi(&bytes[12..]) != u32_at(&bytes, 8) {
        return Ok(None);
    }
    let Ok(states) = serde_json::from_slice(&bytes[HEADER..HEADER + length]) else { return Ok(None) };
    let header = Header {
        marker: u64_at(&bytes, 16),
        first: u64_at(&bytes, 24),
        boot: u32_at(&bytes, 44),
        created_ns: u64_at(&bytes, 32),
        states,
    };
    Ok(Some((header, size as u64)))
}

fn encode(header: &Header) -> io::Result<Vec<u8>> {
    let state = serde_json::to_vec(&header.states)?;
    let length = u32::try_from(state.len()).map_err(io::Error::other)?;
    let mut bytes = Vec::with_capacity(HEADER + state.len() + 8);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&header.marker.to_le_bytes());
    bytes.extend_from_slice(&header.first.to_le_bytes());
    bytes.extend_from_slice(&header.created_ns.to_le_bytes());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&header.boot.to_le_bytes());
    bytes.extend_from_slice(&state);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let crc = crc32_iscsi(&bytes[12..]);
    bytes[8..12].copy_from_slice(&crc.to_le_bytes());
    Ok(bytes)
}
