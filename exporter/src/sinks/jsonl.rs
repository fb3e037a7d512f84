//! `type = "jsonl"`: one line of JSON per event, appended to a file.
//!
//! A file has no transactions. So the cursor also says how long the file was when it was saved: of what lies
//! behind that, whole lines are remembered by their id, and not written again, and a torn last line is cut
//! off. Each event is in the file once, whatever was killed when.

mod leftovers;
mod settings;

use std::{
    collections::HashSet,
    fs::{self, File},
    io::Write as _,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
};

use offpath_core::config::Value;
use serde::{Deserialize, Serialize};

pub use self::settings::Settings;
use super::{Batch, Sink, SinkError};
use crate::{event_json, spool::Cursor};

/// Bytes that are gathered before they are written.
const CHUNK: usize = 256 << 10;

/// The sink.
#[derive(Debug)]
pub struct Jsonl {
    settings: Settings,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    inode: u64,
    length: u64,
    /// Ids of events that a crash kept the cursor from knowing of.
    written: HashSet<u128>,
    /// Where those begin. Until they have all come again, the cursor must not say more: another crash may follow.
    known: u64,
}

/// What the cursor keeps for this sink.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// Which file: another program may have moved it away to rotate it.
    inode: u64,
    length: u64,
}

impl Jsonl {
    /// A sink that is not open yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, open: None }
    }

    fn open_at(&self, state: Option<State>) -> Result<Open, SinkError> {
        if let Some(directory) = self.settings.path.parent() {
            fs::create_dir_all(directory)?;
        }
        let mut options = File::options();
        let file = options.read(true).append(true).create(true).mode(0o640).open(&self.settings.path)?;
        let metadata = file.metadata()?;
        // Nothing saved is a file that was empty, or one with lines of others; a state of another file says nothing.
        let known = match state {
            Some(state) if state.inode == metadata.ino() => state.length.min(metadata.len()),
            _ => leftovers::last_line(&file, metadata.len())?,
        };
        let (length, written) = leftovers::read(&file, known)?;
        file.set_len(length)?;
        Ok(Open { file, inode: metadata.ino(), length, written, known })
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
            return Err(std::io::Error::other("the file is not open").into());
        };
        let mut lines = Vec::with_capacity(CHUNK);
        for event in &batch.events {
            if open.written.remove(&event.id()) {
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
        Ok(())
    }

    /// Whether the file still has the name that it was opened by.
    fn is_ready(&self) -> bool {
        let Some(open) = &self.open else { return false };
        fs::metadata(&self.settings.path).is_ok_and(|found| found.ino() == open.inode)
    }

    fn state(&self) -> Value {
        let state = self.open.as_ref().map(|open| {
            let length = if open.written.is_empty() { open.length } else { open.known };
            State { inode: open.inode, length }
        });
        serde_json::to_value(state).unwrap_or_default()
    }
}

impl Open {
    fn append(&mut self, lines: &mut Vec<u8>) -> Result<(), SinkError> {
        self.file.write_all(lines)?;
        self.length += lines.len() as u64;
        lines.clear();
        Ok(())
    }
}
