//! What goes from the spool, and when it is synced.

use std::{
    fs::{self, File},
    io,
    sync::Arc,
};

use super::{Inner, Segment, Spool, segment};

/// Records that a sink had not delivered when they had to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evicted {
    /// Which sink.
    pub sink: String,
    /// Why they had to go.
    pub reason: Reason,
    /// How many.
    pub count: u64,
}

/// Why records had to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The spool was over `max_size`.
    Full,
    /// They were older than `max_age`.
    Expired,
}

impl Reason {
    /// The name that metrics use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "spool_full",
            Self::Expired => "spool_expired",
        }
    }
}

impl Spool {
    /// Removes what all sinks have delivered, then the oldest of what is over the bounds. Returns what was
    /// lost by that.
    ///
    /// # Errors
    ///
    /// A segment cannot be removed. It is no longer part of the spool, and is found again at the next start.
    pub fn sweep(&self, now_unix_ns: u64) -> io::Result<Vec<Evicted>> {
        let mut inner = self.shared.lock();
        let mut gone = inner.remove_delivered();
        let mut evicted = Vec::new();
        while let Some((segment, end, reason)) = inner.over_bounds(now_unix_ns) {
            inner.segments.pop_front();
            for (sink, progress) in &mut inner.sinks {
                let count = progress.evict(segment.first, end);
                if count > 0 {
                    evicted.push(Evicted { sink: sink.clone(), reason, count });
                }
            }
            gone.push(segment.first);
        }
        inner.directory_changed |= !gone.is_empty();
        drop(inner);
        for first in gone {
            fs::remove_file(segment::path(&self.shared.directory, first))?;
        }
        Ok(evicted)
    }

    /// Makes what was appended so far outlast a power cut.
    ///
    /// # Errors
    ///
    /// The disk fails. Linux may drop the pages that it could not write, so this is worth an alarm.
    pub fn sync(&self) -> io::Result<()> {
        let mut inner = self.shared.lock();
        let mut files = std::mem::take(&mut inner.unsynced);
        if std::mem::take(&mut inner.dirty) {
            files.push(Arc::clone(&inner.active));
        }
        let directory_changed = std::mem::take(&mut inner.directory_changed);
        drop(inner);
        // One that fails must not keep the others from the disk.
        let mut synced: Vec<io::Result<()>> = files.iter().map(|file| file.sync_data()).collect();
        if directory_changed {
            synced.push(File::open(&self.shared.directory).and_then(|directory| directory.sync_all()));
        }
        synced.into_iter().collect()
    }
}

impl Inner {
    /// The oldest segment, its end, and why it has to go, if it has to. The one that is being written never has.
    fn over_bounds(&self, now_unix_ns: u64) -> Option<(Segment, u64, Reason)> {
        let [oldest, next] = [self.segments.front()?, self.segments.get(1)?];
        let size: u64 = self.segments.iter().map(|segment| segment.length).sum();
        // Its last record came no later than when the next segment was created.
        let age = u128::from(now_unix_ns.saturating_sub(next.created_unix_ns));
        let reason = if size > self.options.max_size {
            Reason::Full
        } else if age > self.options.max_age.as_nanos() {
            Reason::Expired
        } else {
            return None;
        };
        Some((*oldest, next.first, reason))
    }

    fn remove_delivered(&mut self) -> Vec<u64> {
        let delivered = self.delivered_by_all();
        let mut gone = Vec::new();
        while self.segments.get(1).is_some_and(|next| next.first <= delivered) {
            gone.extend(self.segments.pop_front().map(|segment| segment.first));
        }
        gone
    }
}
