//! Where a sink stands, kept in one small file per sink.

use std::{
    io,
    path::{Path, PathBuf},
};

use crc_fast::crc32_iscsi;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::{
    frame::MAX_INDEX,
    system::{Open, System},
};
use crate::disk;

/// More than any sink has to say: what bounds the read of a damaged file.
const MOST_BYTES: u64 = 64 << 20;

/// What a file takes on a disk at least. Cursors are filled up with spaces to a multiple of it, so that the next one fits where
/// this one is.
const BLOCK: usize = 4096;

/// What a sink has delivered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// Which spool this is about, as [`super::Spool::id`].
    pub spool: u64,
    /// Index of the next record to deliver.
    pub next: u64,
    /// What the sink wants to be told when it is opened again.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub state: serde_json::Value,
}

/// The file.
#[derive(Serialize, Deserialize)]
struct Saved {
    #[serde(flatten)]
    cursor: Cursor,
    /// Of the cursor's JSON. One that a person wrote has none.
    #[serde(default)]
    crc32c: Option<u32>,
}

impl Cursor {
    /// Reads the cursor of `sink`; `None` if there is none, or one that is damaged.
    ///
    /// # Errors
    ///
    /// The file is there and cannot be read.
    pub(super) fn load(system: &dyn System, directory: &Path, sink: &str) -> io::Result<Option<Self>> {
        let path = path(directory, sink);
        let file = match system.open(&path, Open::Read) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let length = usize::try_from(file.length()?.min(MOST_BYTES)).unwrap_or(0);
        let cursor = file.read_exactly(0, length)?.and_then(|bytes| Self::from_bytes(&bytes));
        if cursor.is_none() {
            warn!(sink, file = %path.display(), "the cursor is damaged; all that the spool holds is delivered again");
        }
        Ok(cursor)
    }

    /// The highest index that any cursor of a spool claims.
    pub(super) fn last(system: &dyn System, directory: &Path, spool: u64) -> io::Result<u64> {
        let mut last = 0;
        for name in system.list(directory)? {
            if let Some(sink) = name.strip_suffix(".json")
                && let Some(cursor) = Self::load(system, directory, sink)?
                && cursor.spool == spool
            {
                last = last.max(cursor.next);
            }
        }
        Ok(last)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let Saved { cursor, crc32c } = serde_json::from_slice(bytes).ok()?;
        let is_good = cursor.next < MAX_INDEX && (crc32c.is_none() || crc32c == cursor.crc32c());
        is_good.then_some(cursor)
    }

    fn crc32c(&self) -> Option<u32> {
        Some(crc32_iscsi(&serde_json::to_vec(self).ok()?))
    }

    /// Replaces the cursor of `sink`; when this returns, it outlasts a power cut.
    pub(super) fn save(&self, system: &dyn System, directory: &Path, sink: &str) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(&Saved { cursor: self.clone(), crc32c: self.crc32c() })?;
        bytes.resize(bytes.len().next_multiple_of(BLOCK), b' ');
        let path = path(directory, sink);
        match replace(system, directory, &path, &bytes) {
            // There is no room for another file, but that of the old one.
            Err(error) if disk::kind(&error) == disk::FULL => {
                if overwrite(system, &path, &bytes)? {
                    // One that was renamed, and of which that was not told, may not have its name on the disk yet.
                    system.sync_dir(directory)
                } else {
                    Err(error)
                }
            }
            done => done,
        }
    }
}

fn replace(system: &dyn System, directory: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let written = system.open(&temporary, Open::Create).and_then(|file| {
        file.write_all(bytes, 0)?;
        file.sync()?;
        system.rename(&temporary, path)
    });
    if written.is_err() {
        // On a full disk its bytes are wanted.
        let _ = system.remove(&temporary);
    }
    written?;
    system.sync_dir(directory)
}

/// Writes over a file that is there and long enough, so that it takes no space that it has not; returns whether it is. A
/// power cut in the midst of it costs the cursor.
fn overwrite(system: &dyn System, path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let file = match system.open(path, Open::Write) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let length = usize::try_from(file.length()?).unwrap_or(0);
    if length < bytes.len() {
        return Ok(false);
    }
    let mut padded = bytes.to_vec();
    padded.resize(length, b' ');
    file.write_all(&padded, 0)?;
    file.sync()?;
    Ok(true)
}

fn path(directory: &Path, sink: &str) -> PathBuf {
    directory.join(format!("{sink}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flipped_bit_of_a_cursor_is_seen() {
        let cursor =
            Cursor { spool: 1 << 63, next: 7_000, state: serde_json::json!({"b": [1, 2], "a": "x"}) };
        let saved = Saved { cursor: cursor.clone(), crc32c: cursor.crc32c() };
        let bytes = serde_json::to_vec(&saved).expect("JSON");
        assert_eq!(Cursor::from_bytes(&bytes), Some(cursor.clone()));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let read = Cursor::from_bytes(&flipped);
            assert!(
                read.is_none() || read.as_ref() == Some(&cursor),
                "{}",
                String::from_utf8_lossy(&flipped)
            );
        }
    }
}
