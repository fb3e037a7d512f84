//! The app's side: writes that never enter the kernel.

use crate::{
    create::{self, CreateError, MIN_CAPACITY, Options},
    fork::ForkGuard,
    layout::{self, HEADER_LEN, Word, index},
    loss::{LossReason, Losses},
    mapping::Mapping,
    protocol::{Put, Refused, Shared, Writer},
};
use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// The one writer of a ring. It may move between threads, but not into a forked child: there it refuses every write.
///
/// Dropping it ends it like a crash would: the kernel frees the lock, and the consumer drains what is there.
/// [`seal`](Self::seal) is the clean end.
#[derive(Debug)]
pub struct Producer {
    writer: Writer<MappedFile>,
    fork: ForkGuard,
    path: PathBuf,
    ring_id: u128,
    sealed: bool,
    /// Holds the lock that says "alive"; the kernel drops it with the last descriptor of this open file.
    _lock: File,
}

impl Producer {
    /// Makes a ring in `dir`, and `dir` itself with mode 0700 if there is none.
    ///
    /// `dir` should be on a tmpfs: on a disk's file system, a store to the mapped file can wait for the disk.
    ///
    /// # Errors
    /// See [`CreateError`].
    pub fn create(dir: &Path, options: &Options) -> Result<Self, CreateError> {
        if options.capacity < MIN_CAPACITY {
            return Err(CreateError::Capacity(options.capacity));
        }
        Self::create_of_any_size(dir, options)
    }

    /// For tests: takes every capacity that the layout allows, from 128 bytes on.
    #[doc(hidden)]
    pub fn create_of_any_size(dir: &Path, options: &Options) -> Result<Self, CreateError> {
        if !layout::is_capacity(options.capacity) {
            return Err(CreateError::Capacity(options.capacity));
        }
        let fork = ForkGuard::new().map_err(create::failed(dir, "mapping a page to notice forks"))?;
        let create::RingFile { file, mapping, info, path } = create::ring_file(dir, options)?;
        let writer = Writer::new(MappedFile { mapping, capacity: info.capacity });
        Ok(Self { writer, fork, path, ring_id: info.ring_id, sealed: false, _lock: file })
    }

    /// Appends a record and gives its sequence number: 0 for the first. It neither blocks, allocates, nor enters the kernel.
    ///
    /// # Errors
    /// When the ring is full or sealed, the record over [`max_record`](Self::max_record), or this process a forked child.
    /// The loss is then already counted in the ring.
    pub fn write(&mut self, kind: u8, payload: &[u8]) -> Result<u64, Refused> {
        let written = if self.fork.forked() {
            Err(Refused::Forked)
        } else if self.sealed {
            Err(Refused::Sealed)
        } else {
            self.writer.write(kind, payload)
        };
        if let Err(refused) = written {
            self.count_loss(refused.into(), 1);
        }
        written
    }

    /// Counts `n` events that were lost before they could be written.
    pub fn count_loss(&self, reason: LossReason, n: u64) {
        self.word(Word::Loss(reason as u8)).fetch_add(n, Ordering::Relaxed);
    }

    /// Bytes of the largest payload: a quarter of the capacity.
    pub fn max_record(&self) -> u64 {
        layout::max_payload(self.capacity())
    }

    /// Bytes written since the ring was made, record headers and padding included.
    pub fn written(&self) -> u64 {
        self.writer.write_pos()
    }

    /// How far the consumer has freed the ring. All that was written before is taken once this reaches an earlier
    /// [`written`](Self::written).
    pub fn consumed(&self) -> u64 {
        self.word(Word::ReadPos).load(Ordering::Acquire).min(self.written())
    }

    /// Bytes not freed yet, at most the capacity.
    pub fn used(&self) -> u64 {
        (self.written() - self.consumed()).min(self.capacity())
    }

    /// Bytes for records.
    pub fn capacity(&self) -> u64 {
        self.writer.memory().capacity
    }

    /// The ring's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The ring's random id.
    pub fn ring_id(&self) -> u128 {
        self.ring_id
    }

    /// What was lost so far.
    pub fn losses(&self) -> Losses {
        self.writer.memory().mapping.losses()
    }

    /// When a consumer last showed itself, in nanoseconds since 1970.
    pub fn consumer_seen_unix_ns(&self) -> Option<u64> {
        Some(self.word(Word::ConsumerSeen).load(Ordering::Relaxed)).filter(|&at| at != 0)
    }

    /// Whether the consumer has given this ring up, after damage. Nobody will read it again: drop it and make another.
    pub fn retired(&self) -> bool {
        self.word(Word::Retired).load(Ordering::Relaxed) != 0
    }

    /// The clean end: nothing more will be written, so the consumer may drain the ring and remove it at once. Where nothing
    /// is left to read or to report, the file goes now. In a forked child this does nothing.
    pub fn seal(&mut self) {
        if self.fork.forked() || self.sealed {
            return;
        }
        self.sealed = true;
        // SYNC POINT: seal. A consumer that sees it has seen the last write_pos.
        self.word(Word::Sealed).store(1, Ordering::Release);
        if self.used() == 0 && self.losses().total() == 0 {
            // If it cannot be removed, the consumer does it.
            let _ = std::fs::remove_file(&self.path);
        }
    }

    /// For a forked child: lets go of the parent's ring. It unmaps and closes and touches nothing shared; the lock stays
    /// with the parent's descriptor. Dropping does the same; this says it.
    pub fn abandon_after_fork(self) {}

    fn word(&self, word: Word) -> &AtomicU64 {
        self.writer.memory().mapping.word(word)
    }
}

/// The whole file, mapped.
#[derive(Debug)]
struct MappedFile {
    mapping: Mapping,
    capacity: u64,
}

impl Shared for MappedFile {
    #[inline]
    fn capacity(&self) -> u64 {
        self.capacity
    }

    #[inline]
    fn load(&self, word: Word, order: Ordering) -> u64 {
        self.mapping.word(word).load(order)
    }

    #[inline]
    fn store(&self, word: Word, value: u64, order: Ordering) {
        self.mapping.word(word).store(value, order);
    }
}

impl Put for MappedFile {
    #[inline]
    unsafe fn put(&self, offset: usize, bytes: &[u8]) {
        // SAFETY: the caller's assertion, passed on. Words lie in the header, in front of the data.
        unsafe { self.mapping.copy_in(index(HEADER_LEN) + offset, bytes) }
    }
}
