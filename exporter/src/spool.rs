//! The write-ahead log between intake and sinks: what is in it has been taken, and will be delivered.
//!
//! ```text
//! spool/
//!   lock                        held by the exporter that owns the directory
//!   00000000000000000000.seg    segments: see `segment` for the header, `frame` for the records
//!   00000000000000031337.seg    the last one is being written
//!   cursors/<sink>.json         where each sink stands
//!   damaged/                    bytes that are no records any more
//!   clock.json                  how much time has passed, whatever the clock on the wall says
//! ```
//!
//! - One [`Writer`] appends, with one `write` per batch. It waits for no reader and for no disk: data is synced by
//!   another thread, at an interval. So kill -9 loses nothing, and a power cut at most what came in that interval.
//! - Each record has an index that is never used twice; a position in the spool is an index and nothing else.
//! - Each record says which producer it came from, a ring or one of Envoy's lanes, and its number there, and each
//!   segment's header sums that up for all before it. So reading one segment at start tells what to skip of a ring that
//!   was not released in time, or of a batch whose answer did not arrive.
//! - A segment goes when all sinks have delivered it and it was kept for as long as it is to be, or, with what it holds
//!   counted as lost to those that have not, when the spool is over its size or the segment over its age.
//! - A record that is damaged is counted as lost to each sink that comes to it, and its bytes are set aside once.

pub mod frame;
pub mod system;

mod clock;
mod cursor;
mod damaged;
mod frames;
mod open;
mod past;
mod progress;
mod reader;
mod recover;
mod retention;
mod segment;
mod state;
mod writer;

use std::{
    collections::{BTreeMap, VecDeque},
    fs, io,
    ops::Range,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use self::{
    clock::Clock,
    damaged::Damaged,
    progress::Progress,
    system::{File, System},
};
pub use self::{
    cursor::Cursor,
    open::OpenError,
    past::Past,
    reader::{Reader, Record},
    retention::{Evicted, Reason, Swept},
    state::{ProducerState, ProducerStates},
    writer::{Mark, Writer},
};

/// How many indexes are skipped after a power cut, which is more than there are records: see `open`.
const SKIP: u64 = 1 << 40;

/// How many records there were from one index up to another, but for indexes that were skipped.
fn between(from: u64, to: u64) -> u64 {
    to.saturating_sub(from) % SKIP
}

/// Bounds and pace of a spool.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes of all segments together; checked at each [`Spool::sweep`].
    pub max_size: u64,
    /// Age at which a record goes, delivered or not, give or take an eighth.
    pub max_age: Duration,
    /// How long what all sinks have delivered is kept, to be sent again on request; within `max_size`, and not when the disk
    /// is full.
    pub keep: Duration,
    /// Bytes after which a new segment begins.
    pub segment_size: u64,
}

impl Options {
    /// Segments of 32 MiB, or an eighth of the spool if that is less, so that what goes at the bound is a small part.
    #[must_use]
    pub fn new(max_size: u64, max_age: Duration) -> Self {
        Self { max_size, max_age, keep: Duration::ZERO, segment_size: (32 << 20).min(max_size / 8) }
    }
}

/// A handle on an open spool.
#[derive(Debug, Clone)]
pub struct Spool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    system: Arc<dyn System>,
    directory: PathBuf,
    marker: u64,
    /// Where new records began when the spool was opened.
    recovered_end: u64,
    inner: Mutex<Inner>,
    grown: Condvar,
    damaged: Mutex<Damaged>,
    /// Keeps the directory ours.
    _lock: Option<fs::File>,
}

#[derive(Debug)]
struct Inner {
    options: Options,
    clock: Clock,
    /// Oldest first; the last is being written.
    segments: VecDeque<Segment>,
    /// Index of the next record.
    end: u64,
    sinks: BTreeMap<String, Progress>,
    /// No part of the spool any more, and not yet removed.
    doomed: Vec<Segment>,
    active: Arc<dyn File>,
    /// Sealed segments that are not known to be on the disk.
    unsynced: Vec<u64>,
    directory_changed: bool,
    is_dirty: bool,
    /// The disk was full when a batch was to be written.
    is_pressed: bool,
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    first: u64,
    length: u64,
    /// In the spool's time.
    created_ns: u64,
}

impl Spool {
    /// Has other bounds from now on; the segment that is being written ends by them too.
    pub fn bound(&self, options: Options) {
        self.shared.lock().options = options;
    }

    /// A number that no other spool has.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.shared.marker
    }

    /// Index that the next record will have.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.shared.end()
    }

    /// Bytes on disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let inner = self.shared.lock();
        inner.segments.iter().chain(&inner.doomed).map(|segment| segment.length).sum()
    }

    /// Records that it holds, delivered or not.
    #[must_use]
    pub fn records(&self) -> u64 {
        let inner = self.shared.lock();
        between(inner.oldest(), inner.end)
    }

    /// When its oldest segment was begun, by the clock as it is set now.
    #[must_use]
    pub fn oldest_unix_ns(&self) -> u64 {
        let inner = self.shared.lock();
        let created_ns = inner.segments.front().map_or(0, |segment| segment.created_ns);
        let age = inner.clock.time().saturating_sub(created_ns);
        self.shared.system.now().unix_ns.saturating_sub(age)
    }

    /// Waits until there is a record with index `next`, or `timeout` is over; returns whether there is.
    pub fn wait(&self, next: u64, timeout: Duration) -> bool {
        let inner = self.shared.lock();
        let waited = self.shared.grown.wait_timeout_while(inner, timeout, |inner| inner.end <= next);
        waited.unwrap_or_else(PoisonError::into_inner).0.end > next
    }

    /// Enrols a sink, before the first [`Spool::sweep`]: from now on its undelivered records are kept, and
    /// counted when they have to go. Returns its cursor and how many records went before it came to them.
    ///
    /// # Errors
    ///
    /// The cursor cannot be read.
    pub fn enrol(&self, sink: &str) -> io::Result<(Cursor, u64)> {
        let system = self.shared.system.as_ref();
        let saved = Cursor::load(system, &self.cursors(), sink)?.filter(|cursor| cursor.spool == self.id());
        let is_new = saved.is_none();
        let mut inner = self.shared.lock();
        let oldest = inner.oldest();
        let mut cursor = saved.unwrap_or(Cursor { spool: self.id(), next: oldest, ..Cursor::default() });
        let gone = between(cursor.next, oldest);
        cursor.next = self.clamp(cursor.next).max(oldest);
        inner.sinks.insert(sink.to_owned(), Progress::new(cursor.next));
        drop(inner);
        if is_new {
            // For the space: on a full disk it can be written over, but none be made. If it cannot be made now, then later.
            let _ = cursor.save(self.shared.system.as_ref(), &self.cursors(), sink);
        }
        Ok((cursor, gone))
    }

    /// Where a sink that claims to have delivered all before `next` can go on: no further than where new records begin.
    #[must_use]
    pub fn clamp(&self, next: u64) -> u64 {
        next.min(self.shared.recovered_end)
    }

    /// A reader for an enrolled sink.
    #[must_use]
    pub fn reader(&self, sink: &str, next: u64) -> Reader {
        Reader::new(Arc::clone(&self.shared), Some(sink.to_owned()), next)
    }

    /// A reader that begins with what comes next, and for which nothing is kept.
    #[must_use]
    pub fn follow(&self) -> Reader {
        Reader::new(Arc::clone(&self.shared), None, self.end())
    }

    /// Makes durable that `sink` has delivered all before `cursor.next`.
    ///
    /// # Errors
    ///
    /// The cursor cannot be written; the sink's records are then kept.
    pub fn advance(&self, sink: &str, cursor: &Cursor) -> io::Result<()> {
        self.shared.lock().tell(sink, cursor.next);
        cursor.save(self.shared.system.as_ref(), &self.cursors(), sink)?;
        self.shared.lock().deliver(sink, cursor.next);
        Ok(())
    }

    /// Records that `sink` has still to deliver.
    #[must_use]
    pub fn backlog(&self, sink: &str) -> u64 {
        let inner = self.shared.lock();
        inner.sinks.get(sink).map_or(0, |progress| between(progress.delivered, inner.end))
    }

    fn cursors(&self) -> PathBuf {
        self.shared.directory.join("cursors")
    }
}

impl Shared {
    /// A thread that panicked while it held the lock left plain numbers behind, each valid.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) -> u64 {
        self.lock().end
    }

    fn has_segment(&self, first: u64) -> bool {
        self.lock().segments.iter().any(|segment| segment.first == first)
    }

    /// Sets a part of a segment aside, unless that was done before.
    fn set_aside(&self, segment: u64, part: Range<u64>, file: &dyn File) {
        let mut damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner);
        damaged.set_aside(self.system.as_ref(), segment, part, file);
    }

    /// The last segment now has `length` bytes, and the spool ends before index `end`.
    fn grow(&self, length: u64, end: u64) {
        let mut inner = self.lock();
        if let Some(segment) = inner.segments.back_mut() {
            segment.length = length;
        }
        inner.end = end;
        inner.is_dirty = true;
        drop(inner);
        self.grown.notify_all();
    }
}

impl Inner {
    fn oldest(&self) -> u64 {
        self.segments.front().map_or(self.end, |segment| segment.first)
    }

    /// Where the records of the segment that begins with `first` end.
    fn end_of(&self, first: u64) -> u64 {
        let after = self.segments.partition_point(|segment| segment.first <= first);
        self.segments.get(after).map_or(self.end, |next| next.first)
    }

    /// The segment to read after `current`, or, with none, the one where `next` is or would be.
    fn segment_after(&self, current: Option<u64>, next: u64) -> Option<Segment> {
        match current {
            Some(current) => self.segments.iter().find(|segment| segment.first > current),
            None => {
                self.segments.iter().rev().find(|segment| segment.first <= next).or(self.segments.front())
            }
        }
        .copied()
    }
}
