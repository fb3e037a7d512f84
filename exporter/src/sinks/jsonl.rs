//! `type = "jsonl"`: one line of JSON per event, appended to a file.
//!
//! A file has no transactions. So the cursor also says how long the file was when it was saved: of what lies
//! behind that, whole lines are remembered by their id, and not written again, and a torn last line is cut
//! off. A file makes way for a new one only when the cursor knows all of it, and the new one gets its first line only
//! when the cursor knows that it is there. Each event is in the files once, whatever was killed when.

mod keeper;
mod leftovers;
mod rotation;
mod settings;

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    time::{Duration, Instant},
};

use offpath_core::config::Value;
use serde::{Deserialize, Serialize};

use self::keeper::Keeper;
pub use self::settings::{Rotate, Settings};
use super::{Batch, Sink, SinkError};
use crate::{event_json, ids, spool::Cursor};

/// Bytes that are gathered before they are written.
const CHUNK: usize = 256 << 10;

/// How often it is looked whether files that made way are too old, where nothing else gives reason to look.
const ROUND: Duration = Duration::from_mins(1);

/// The sink.
#[derive(Debug)]
pub struct Jsonl {
    settings: Settings,
    open: Option<Open>,
    keeper: Keeper,
    /// When the keeper is to look next.
    round: Instant,
    repeated: u64,
}

#[derive(Debug)]
struct Open {
    file: File,
    state: State,
    /// Ids of events that a crash kept the cursor from knowing of.
    written: HashSet<u128>,
    /// What the cursor said before. Until those have all come again, it must not say more: another crash may follow.
    saved: State,
}

/// What the cursor keeps for this sink.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct State {
    /// Which file: it may have been moved away, by another program or because it was its time.
    inode: u64,
    length: u64,
    /// When it got its first line, or was first seen.
    #[serde(default)]
    begun_unix_ns: u64,
}

impl Jsonl {
    /// A sink that is not open yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, open: None, keeper: Keeper::default(), round: Instant::now(), repeated: 0 }
    }

    fn open_at(&mut self, saved: Option<State>) -> Result<Open, SinkError> {
        fs::create_dir_all(rotation::directory(&self.settings.path))?;
        let open = self.open_file(saved)?;
        if !self.is_due(&open) {
            return Ok(open);
        }
        rotation::rename(&self.settings.path)?;
        self.round = Instant::now();
        self.open_file(None)
    }

    fn open_file(&self, saved: Option<State>) -> Result<Open, SinkError> {
        let path = &self.settings.path;
        let mut options = File::options();
        let file = options.read(true).append(true).create(true).mode(0o640).open(path)?;
        rotation::sync_directory(path)?;
        let metadata = file.metadata()?;
        let mut state = State { inode: metadata.ino(), length: 0, begun_unix_ns: ids::now_unix_ns() };
        match saved {
            Some(saved) if saved.inode == state.inode => {
                if saved.begun_unix_ns > 0 {
                    state.begun_unix_ns = saved.begun_unix_ns;
                }
                let known = saved.length.min(metadata.len());
                let (length, written) = leftovers::read(&file, known)?;
                file.set_len(length)?;
                state.length = length;
                Ok(Open { file, state, written, saved: State { length: known, ..state } })
            }
            // Nothing saved is a file that was empty, or one with lines of others; the state of another file says that
            // that one was moved away, perhaps with lines that the cursor does not know of.
            saved => {
                state.length = leftovers::last_line(&file, metadata.len())?;
                file.set_len(state.length)?;
                let moved = saved.map(|saved| leftovers::moved(path, saved.inode, saved.length));
                let written = moved.transpose()?.unwrap_or_default();
                Ok(Open { file, state, written, saved: saved.unwrap_or(state) })
            }
        }
    }

    /// Whether the file is to make way for a new one now.
    fn is_due(&self, open: &Open) -> bool {
        let State { begun_unix_ns, length, .. } = open.state;
        let is_due = |rotate| rotation::is_due(rotate, begun_unix_ns, length, ids::now_unix_ns());
        open.written.is_empty() && self.settings.rotate.as_ref().is_some_and(is_due)
    }

    /// Only once the cursor knows the file that is open: until then it may ask for one that made way.
    fn keep_house(&mut self) {
        if let Some(rotate) = &self.settings.rotate
            && self.round <= Instant::now()
        {
            self.keeper.begin(&self.settings.path, rotate);
            self.round = Instant::now() + ROUND;
        }
    }
}

impl Sink for Jsonl {
    fn open(&mut self, saved: &Cursor) -> Result<u64, SinkError> {
        self.open = None;
        self.open = Some(self.open_at(serde_json::from_value(saved.state.clone()).ok())?);
        Ok(saved.next)
    }

    fn deliver(&mut self, batch: &Batch) -> Result<(), SinkError> {
        let Some(mut open) = self.open.take() else {
            return Err(io::Error::other("the file is not open").into());
        };
        let mut lines = Vec::with_capacity(CHUNK);
        for event in &batch.events {
            if open.written.remove(&event.id()) {
                self.repeated += 1;
                continue;
            }
            // Events come again in their order: after the first new one, none that is written can follow.
            open.written.clear();
            event_json::write(event, &mut lines);
            lines.push(b'\n');
            if lines.len() >= CHUNK {
                open.append(&mut lines)?;
            }
        }
        open.append(&mut lines)?;
        open.file.sync_data()?;
        self.open = Some(open);
        self.keep_house();
        Ok(())
    }

    fn tend(&mut self) -> Result<(), SinkError> {
        self.keep_house();
        Ok(())
    }

    fn take_repeated(&mut self) -> u64 {
        std::mem::take(&mut self.repeated)
    }

    fn place(&self) -> String {
        self.settings.path.display().to_string()
    }

    /// Whether the file still has the name that it was opened by, and may go on.
    fn is_ready(&self) -> bool {
        let Some(open) = &self.open else { return false };
        let is_there = fs::metadata(&self.settings.path).is_ok_and(|found| found.ino() == open.state.inode);
        is_there && !self.is_due(open)
    }

    fn state(&self) -> Value {
        let state =
            self.open.as_ref().map(|open| if open.written.is_empty() { open.state } else { open.saved });
        serde_json::to_value(state).unwrap_or_default()
    }
}

impl Open {
    fn append(&mut self, lines: &mut Vec<u8>) -> Result<(), SinkError> {
        if self.state.length == 0 {
            self.state.begun_unix_ns = ids::now_unix_ns();
        }
        self.file.write_all(lines)?;
        self.state.length += lines.len() as u64;
        lines.clear();
        Ok(())
    }
}
