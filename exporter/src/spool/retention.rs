//! What goes from the spool, and when it is synced.

use std::{io, sync::Arc};

use super::{Inner, Segment, Spool, segment, system::Open};

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

/// What a [`Spool::sweep`] did.
#[derive(Debug, Default)]
pub struct Swept {
    /// What was lost.
    pub evicted: Vec<Evicted>,
    /// A file that cannot be removed. It is tried again at each sweep; what it held is no part of the spool any more, but
    /// is found again at the next start.
    pub failed: Option<io::Error>,
}

impl Spool {
    /// Removes what all sinks have delivered, once it was kept for as long as it is to be, and the oldest of what is over
    /// the bounds.
    pub fn sweep(&self) -> Swept {
        let mut inner = self.shared.lock();
        inner.clock.look(&self.shared.directory);
        let time_ns = inner.clock.time();
        inner.release_delivered(time_ns);
        let evicted = inner.evict(time_ns);
        let doomed = std::mem::take(&mut inner.doomed);
        drop(inner);
        let (left, failed) = self.remove(doomed);
        let mut inner = self.shared.lock();
        inner.doomed.extend(left);
        Swept { evicted, failed }
    }

    /// Removes files; returns those that are left, and why.
    fn remove(&self, doomed: Vec<Segment>) -> (Vec<Segment>, Option<io::Error>) {
        let (mut left, mut failed) = (Vec::new(), None);
        for segment in doomed {
            match self.shared.system.remove(&segment::path(&self.shared.directory, segment.first)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    left.push(segment);
                    failed = Some(error);
                }
                _ => {}
            }
        }
        (left, failed)
    }

    /// Makes what was appended so far outlast a power cut.
    ///
    /// # Errors
    ///
    /// The disk fails. It is tried again at the next call, but Linux may have dropped what it could not write: a power cut
    /// may then take it. So this is worth an alarm.
    pub fn sync(&self) -> io::Result<()> {
        let mut inner = self.shared.lock();
        let sealed = std::mem::take(&mut inner.unsynced);
        let active = std::mem::take(&mut inner.is_dirty).then(|| Arc::clone(&inner.active));
        let directory_changed = std::mem::take(&mut inner.directory_changed);
        drop(inner);
        let mut failed = None;
        // One that fails must not keep the others from the disk.
        for first in sealed {
            if let Err(error) = self.sync_sealed(first) {
                failed = Some(error);
                self.shared.lock().unsynced.push(first);
            }
        }
        if let Some(active) = active
            && let Err(error) = active.sync()
        {
            failed = Some(error);
            self.shared.lock().is_dirty = true;
        }
        if directory_changed && let Err(error) = self.shared.system.sync_dir(&self.shared.directory) {
            failed = Some(error);
            self.shared.lock().directory_changed = true;
        }
        failed.map_or(Ok(()), Err)
    }

    fn sync_sealed(&self, first: u64) -> io::Result<()> {
        match self.shared.system.open(&segment::path(&self.shared.directory, first), Open::Read) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            file => file?.sync(),
        }
    }
}

impl Inner {
    /// Gives up what all sinks have delivered: what is old enough, or all of it if the disk is full.
    fn release_delivered(&mut self, time_ns: u64) {
        let delivered = self.delivered_by_all();
        let keep = if std::mem::take(&mut self.is_pressed) { 0 } else { self.options.keep.as_nanos() };
        while let Some(next) = self.segments.get(1)
            && next.first <= delivered
            && u128::from(time_ns.saturating_sub(next.created_ns)) >= keep
        {
            self.doom_oldest();
        }
    }

    /// Gives up the oldest of what is over the bounds; returns what is lost by that.
    fn evict(&mut self, time_ns: u64) -> Vec<Evicted> {
        let mut evicted = Vec::new();
        while let Some((segment, end, reason)) = self.over_bounds(time_ns) {
            self.doom_oldest();
            for (sink, progress) in &mut self.sinks {
                let count = progress.evict(segment.first, end);
                if count > 0 {
                    evicted.push(Evicted { sink: sink.clone(), reason, count });
                }
            }
        }
        evicted
    }

    fn doom_oldest(&mut self) {
        self.doomed.extend(self.segments.pop_front());
        self.directory_changed = true;
    }

    /// The oldest segment, its end, and why it has to go, if it has to. The one that is being written never has.
    fn over_bounds(&self, time_ns: u64) -> Option<(Segment, u64, Reason)> {
        let [oldest, next] = [self.segments.front()?, self.segments.get(1)?];
        let size: u64 = self.segments.iter().map(|segment| segment.length).sum();
        // Its last record came no later than when the next segment was created.
        let age = u128::from(time_ns.saturating_sub(next.created_ns));
        let reason = if size > self.options.max_size {
            Reason::Full
        } else if age > self.options.max_age.as_nanos() {
            Reason::Expired
        } else {
            return None;
        };
        Some((*oldest, next.first, reason))
    }
}
