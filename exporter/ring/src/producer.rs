//! The app's side: a file made ready before anyone can see it, then writes that never enter the kernel.

use crate::{
    boot::{boot_id, start_time},
    directory::{self, DirectoryError},
    fork::ForkGuard,
    layout::{self, HEADER_LEN, Info, Word, index},
    loss::{LossReason, Losses},
    mapping::Mapping,
    protocol::{Put, Refused, Shared, Writer},
};
use rustix::{
    fs::{self, FallocateFlags, FlockOperation, Mode, OFlags},
    io::Errno,
    process::{Resource, getrlimit},
    rand::{GetRandomFlags, getrandom},
};
use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process,
    sync::atomic::Ordering,
    time::{SystemTime, UNIX_EPOCH},
};

/// The smallest ring an app may ask for.
pub const MIN_CAPACITY: u64 = 64 * 1024;
/// The largest ring an app may ask for.
pub const MAX_CAPACITY: u64 = layout::LARGEST_CAPACITY;
/// Rings of dead producers that may wait in a directory. Without a bound, an app that restarts where no exporter runs would
/// fill the host's memory; 32 of the default size are 1 GiB.
pub const MAX_DEAD_RINGS: usize = 32;

/// How to make a ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Bytes for records: a power of two from [`MIN_CAPACITY`] to [`MAX_CAPACITY`].
    pub capacity: u64,
}

impl Default for Options {
    /// 32 MiB: 2 seconds of 2,000 events of 8 KiB, which is how long an exporter may take to restart.
    fn default() -> Self {
        Self { capacity: 32 * 1024 * 1024 }
    }
}

/// Why a ring could not be made. Nothing is left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The size asked for is not one a ring can have.
    #[error("ring capacity must be a power of two from {MIN_CAPACITY} to {MAX_CAPACITY} bytes, not {0}")]
    Capacity(u64),
    /// The directory cannot hold rings.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Rings of dead producers pile up.
    #[error(
        "{dir} holds {dead} rings of ended processes and no exporter empties them; start `offpath run` or delete *.ring there"
    )]
    TooManyDead {
        /// The ring directory.
        dir: PathBuf,
        /// How many there are, more than [`MAX_DEAD_RINGS`].
        dead: usize,
    },
    /// The file system has no room. Taking it on credit would kill the app with SIGBUS later.
    #[error(
        "cannot reserve {len} bytes for a ring in {dir}: {source}; free space there, lower the capacity, or name another directory"
    )]
    Space {
        /// The ring directory.
        dir: PathBuf,
        /// Bytes of the whole file.
        len: u64,
        /// What the system said.
        source: io::Error,
    },
    /// Another step failed.
    #[error("cannot make a ring in {dir}: {step} failed: {source}")]
    Io {
        /// The ring directory.
        dir: PathBuf,
        /// What was being done.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

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
        if layout::is_capacity(options.capacity) && options.capacity >= MIN_CAPACITY {
            Self::create_of_any_size(dir, options)
        } else {
            Err(CreateError::Capacity(options.capacity))
        }
    }

    /// For tests: takes every capacity that the layout allows, from 128 bytes on.
    #[doc(hidden)]
    pub fn create_of_any_size(dir: &Path, options: &Options) -> Result<Self, CreateError> {
        let at = |step| move |source: io::Error| CreateError::Io { dir: dir.to_owned(), step, source };
        let directory = directory::open_private(dir)?;
        refuse_pile(dir)?;

        let info = Info {
            ring_id: random_id().map_err(at("getting random bytes"))?,
            boot_id: boot_id().map_err(at("reading the boot id"))?,
            pid: process::id(),
            start_time: start_time().map_err(at("reading the process start time"))?,
            capacity: options.capacity,
            created_unix_ns: unix_ns(),
        };
        let name = file_name(&info);
        let temporary =
            Temporary::create(&directory, format!("{name}.tmp")).map_err(at("creating the file"))?;
        let file = &temporary.file;
        fs::flock(file, FlockOperation::NonBlockingLockExclusive)
            .map_err(io::Error::from)
            .map_err(at("locking"))?;
        let len = HEADER_LEN + info.capacity;
        reserve(file, len).map_err(|source| CreateError::Space { dir: dir.to_owned(), len, source })?;
        file.write_all_at(&info.encode(), 0).map_err(at("writing the header"))?;
        let mapping = Mapping::new(file, index(len)).map_err(at("mapping"))?;
        let fork = ForkGuard::new().map_err(at("mapping a page to notice forks"))?;
        let file = temporary.rename(&name).map_err(at("renaming"))?;

        let writer = Writer::new(MappedFile { mapping, capacity: info.capacity });
        Ok(Self { writer, fork, path: dir.join(name), ring_id: info.ring_id, sealed: false, _lock: file })
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

    fn word(&self, word: Word) -> &std::sync::atomic::AtomicU64 {
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

/// A file under its temporary name; it is removed unless it gets its final one.
struct Temporary<'a> {
    directory: &'a File,
    name: String,
    file: File,
    renamed: bool,
}

impl<'a> Temporary<'a> {
    fn create(directory: &'a File, name: String) -> io::Result<Self> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let file = File::from(fs::openat(directory, name.as_str(), flags, mode)?);
        let temporary = Self { directory, name, file, renamed: false };
        // A umask can have taken bits away.
        fs::fchmod(&temporary.file, mode)?;
        Ok(temporary)
    }

    /// Makes the file visible to consumers.
    fn rename(mut self, name: &str) -> io::Result<File> {
        let file = self.file.try_clone()?;
        fs::renameat(self.directory, self.name.as_str(), self.directory, name)?;
        self.renamed = true;
        Ok(file)
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.renamed {
            let _ = fs::unlinkat(self.directory, self.name.as_str(), fs::AtFlags::empty());
        }
    }
}

/// Gives the file its length with every block behind it, so that no later store can fail.
fn reserve(file: &File, len: u64) -> io::Result<()> {
    // Past this limit the kernel does not only refuse: it sends SIGXFSZ, which ends the app.
    if getrlimit(Resource::Fsize).current.is_some_and(|limit| limit < len) {
        return Err(Errno::FBIG.into());
    }
    loop {
        match fs::fallocate(file, FallocateFlags::empty(), 0, len) {
            Err(Errno::INTR) => {}
            done => return Ok(done?),
        }
    }
}

fn refuse_pile(dir: &Path) -> Result<(), CreateError> {
    let failed = |source| CreateError::Io { dir: dir.to_owned(), step: "listing the rings", source };
    if directory::rings(dir).map_err(failed)?.len() <= MAX_DEAD_RINGS {
        return Ok(());
    }
    match directory::count_dead(dir).map_err(failed)? {
        dead if dead > MAX_DEAD_RINGS => Err(CreateError::TooManyDead { dir: dir.to_owned(), dead }),
        _ => Ok(()),
    }
}

fn random_id() -> io::Result<u128> {
    let mut id = [0; 16];
    // 16 bytes come whole or not at all, getrandom(2).
    getrandom(&mut id, GetRandomFlags::empty())?;
    Ok(u128::from_le_bytes(id))
}

fn file_name(info: &Info) -> String {
    let boot: String = info.boot_id[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{boot}-{}-{:032x}.ring", info.pid, info.ring_id)
}

fn unix_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
