//! What is no record any more: its bytes are set aside, once, for a person to look at.
//!
//! They are in `damaged/<segment>-<offset>.bin`. At the bound the oldest go.

use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    path::{Path, PathBuf},
};

use tracing::{info, warn};

use super::system::{File, Open, System};

/// Bytes of all that is set aside.
const BOUND: u64 = 64 << 20;

/// Bytes that are copied at a time.
const CHUNK: usize = 64 << 10;

/// The directory `damaged` of a spool.
#[derive(Debug)]
pub(super) struct Damaged {
    directory: PathBuf,
    /// Length by segment and offset; in the order in which they go.
    files: BTreeMap<(u64, u64), u64>,
}

impl Damaged {
    /// What is there.
    pub(super) fn open(system: &dyn System, spool: &Path) -> Self {
        let directory = spool.join("damaged");
        let mut files = BTreeMap::new();
        for name in system.list(&directory).unwrap_or_default() {
            let file = system.open(&directory.join(&name), Open::Read);
            if let (Some(place), Ok(length)) = (place(&name), file.and_then(|file| file.length())) {
                files.insert(place, length);
            }
        }
        Self { directory, files }
    }

    /// Copies a part of a segment, unless that was done before.
    pub(super) fn set_aside(&mut self, system: &dyn System, segment: u64, part: Range<u64>, file: &dyn File) {
        if self.files.contains_key(&(segment, part.start)) {
            return;
        }
        let path = self.path((segment, part.start));
        let (segment_file, bytes) = (format!("{segment:020}.seg"), part.end - part.start);
        if let Err(error) = self.copy(system, segment, part.clone(), file) {
            warn!(segment = segment_file, offset = part.start, bytes, %error, "damaged bytes cannot be set aside");
            let _ = system.remove(&path);
            return;
        }
        warn!(segment = segment_file, offset = part.start, bytes, file = %path.display(), "set aside damaged bytes");
        self.remove_oldest(system);
    }

    fn copy(
        &mut self,
        system: &dyn System,
        segment: u64,
        part: Range<u64>,
        file: &dyn File,
    ) -> io::Result<()> {
        system.create_dir(&self.directory)?;
        let copy = system.open(&self.path((segment, part.start)), Open::Create)?;
        let length = (part.end - part.start).min(BOUND);
        let mut bytes = vec![0; CHUNK];
        let mut done = 0;
        while done < length {
            let wanted = usize::try_from(length - done).unwrap_or(CHUNK).min(CHUNK);
            let read = file.read_full(&mut bytes[..wanted], part.start + done)?;
            copy.write_all(&bytes[..read], done)?;
            done += read as u64;
            if read < wanted {
                break;
            }
        }
        self.files.insert((segment, part.start), done);
        Ok(())
    }

    fn remove_oldest(&mut self, system: &dyn System) {
        while self.files.len() > 1 && self.files.values().sum::<u64>() > BOUND {
            let Some((place, bytes)) = self.files.pop_first() else { return };
            let path = self.path(place);
            if system.remove(&path).is_ok() {
                info!(file = %path.display(), bytes, "removed damaged bytes: there are newer ones");
            }
        }
    }

    fn path(&self, (segment, offset): (u64, u64)) -> PathBuf {
        self.directory.join(format!("{segment:020}-{offset}.bin"))
    }
}

fn place(name: &str) -> Option<(u64, u64)> {
    let (segment, offset) = name.strip_suffix(".bin")?.split_once('-')?;
    Some((segment.parse().ok()?, offset.parse().ok()?))
}
