//! How far each sink has come, and what is lost to it when a segment has to go.
//!
//! A segment that a sink's reader holds open, or has read, is not lost to it yet: the reader goes on through the open
//! file. Only if what it read cannot be delivered, and it comes back for it, is it counted.

use super::{Inner, between};

/// How far one sink has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    /// All before this index is delivered, and durably so.
    pub(super) delivered: u64,
    /// First index of the segment that the reader holds open.
    held: Option<u64>,
    /// All before this index is either delivered, counted as lost, or in what the reader holds or has read.
    accounted: u64,
    /// End of the segments that went while the reader held or had read them.
    spared: u64,
}

impl Progress {
    pub(super) fn new(next: u64) -> Self {
        Self { delivered: next, held: None, accounted: next, spared: 0 }
    }

    /// Records that are lost to this sink because the segment from `first` up to `end` goes.
    pub(super) fn evict(&mut self, first: u64, end: u64) -> u64 {
        if self.held.is_some_and(|held| first <= held) {
            self.spared = self.spared.max(end);
            self.accounted = self.accounted.max(end);
            return 0;
        }
        let lost = between(first.max(self.delivered).max(self.accounted), end);
        self.accounted = self.accounted.max(end);
        lost
    }

    fn seek(&mut self, next: u64, oldest: u64) -> u64 {
        let lost = between(next, self.spared.min(oldest));
        (self.held, self.spared) = (None, 0);
        lost
    }
}

impl Inner {
    /// The reader of `sink` opens the segment that begins with `first`. Returns the index up to which losses
    /// are counted.
    pub(super) fn hold(&mut self, sink: &str, first: u64) -> u64 {
        self.sinks.get_mut(sink).map_or(0, |progress| {
            progress.held = Some(first);
            progress.accounted
        })
    }

    /// The reader of `sink` goes back, or on, to `next`. Returns how many records it had read that are gone.
    pub(super) fn seek(&mut self, sink: &str, next: u64) -> u64 {
        let oldest = self.oldest();
        self.sinks.get_mut(sink).map_or(0, |progress| progress.seek(next, oldest))
    }

    /// `sink` says that it has delivered all before `next`, which is not lost to it then, whatever becomes of its cursor.
    pub(super) fn tell(&mut self, sink: &str, next: u64) {
        if let Some(progress) = self.sinks.get_mut(sink) {
            progress.accounted = progress.accounted.max(next);
        }
    }

    /// `sink` has delivered all before `next`, and durably so.
    pub(super) fn deliver(&mut self, sink: &str, next: u64) {
        if let Some(progress) = self.sinks.get_mut(sink) {
            progress.delivered = next;
        }
    }

    /// All sinks have delivered what lies before this index.
    pub(super) fn delivered_by_all(&self) -> u64 {
        self.sinks.values().map(|progress| progress.delivered).min().unwrap_or(0)
    }
}
