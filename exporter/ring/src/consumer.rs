//! The exporter's side: opens what an app left, and believes none of it.

use crate::{
    boot::boot_id,
    directory::{is_unlocked, open_file, set_aside},
    layout::{BadHeader, HEADER_LEN, IDENTITY_LEN, Info, Word, index},
    loss::Losses,
    mapping::Mapping,
    protocol::{Corrupt, Get, Reader, Record, Shared, Skipped},
};
use rustix::{io::Errno, process::geteuid};
use std::{
    fs::File,
    io,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// Why a file cannot be read as a ring. All but [`Gone`](Self::Gone) and [`Io`](Self::Io) last:
/// [`set_aside`](crate::set_aside) the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It was there when it was listed; its producer ended cleanly and removed it.
    #[error("ring {path} is gone")]
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot open ring {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A directory, pipe, link or device.
    #[error("{path} is no regular file")]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// It belongs to someone else.
    #[error(
        "ring {path} belongs to uid {owner}, but the exporter runs as uid {uid}: run it as the app's user"
    )]
    Owner {
        /// The file.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who this process is.
        uid: u32,
    },
    /// Others may write to it.
    #[error("ring {path} has mode {mode:04o}, which lets others write to it")]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Its length is not what its header says.
    #[error("ring {path} has {len} bytes, but its header and capacity take {expected}")]
    Len {
        /// The file.
        path: PathBuf,
        /// Its length.
        len: u64,
        /// What it should be.
        expected: u64,
    },
    /// Its header is not one that this version reads.
    #[error("ring {path}: {source}")]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: BadHeader,
    },
    /// It outlived a reboot (its directory is not on a tmpfs), so what its pages held in memory may be missing.
    #[error("ring {path} is from another boot of this host")]
    RingFromAnotherBoot {
        /// The file.
        path: PathBuf,
    },
}

/// The one reader of a ring. [`ConsumerLock`](crate::ConsumerLock) keeps others out.
///
/// It maps only the header. Data it copies out with `pread(2)`: that needs no resident memory for a ring's size, cannot
/// fault when the file is cut short, and leaves it no way to write to the app's data.
#[derive(Debug)]
pub struct Consumer {
    reader: Reader<OpenedFile>,
    info: Info,
    path: PathBuf,
}

impl Consumer {
    /// Opens a ring where its last consumer [released](Self::release) it.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let path = || path.to_owned();
        let io_error = |source| OpenError::Io { path: path(), source };
        let file = open_file(&path()).map_err(|errno| match errno {
            Errno::NOENT => OpenError::Gone { path: path() },
            Errno::LOOP | Errno::ISDIR | Errno::NXIO => OpenError::NotAFile { path: path() },
            _ => io_error(errno.into()),
        })?;

        let found = file.metadata().map_err(io_error)?;
        let uid = geteuid().as_raw();
        if !found.is_file() {
            return Err(OpenError::NotAFile { path: path() });
        }
        if found.uid() != uid {
            return Err(OpenError::Owner { path: path(), owner: found.uid(), uid });
        }
        if found.mode() & 0o022 != 0 {
            return Err(OpenError::Mode { path: path(), mode: found.mode() & 0o7777 });
        }
        if found.len() < HEADER_LEN {
            return Err(OpenError::Len { path: path(), len: found.len(), expected: HEADER_LEN });
        }
        let mut identity = [0; IDENTITY_LEN];
        file.read_exact_at(&mut identity, 0).map_err(io_error)?;
        let info = Info::decode(&identity).map_err(|source| OpenError::Header { path: path(), source })?;
        let expected = HEADER_LEN + info.capacity;
        if found.len() != expected {
            return Err(OpenError::Len { path: path(), len: found.len(), expected });
        }
        if info.boot_id != boot_id().map_err(io_error)? {
            return Err(OpenError::RingFromAnotherBoot { path: path() });
        }

        let header = Mapping::new(&file, index(HEADER_LEN)).map_err(io_error)?;
        let reader = Reader::new(OpenedFile { header, file, capacity: info.capacity });
        Ok(Self { reader, info, path: path() })
    }

    /// What the producer says of itself.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// The ring's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hands the next records to `sink`, in order, until the backlog ends or the next record would pass `max_bytes` of ring
    /// space; the first is handed over whatever its size. Nothing is freed before [`release`](Self::release), so a consumer
    /// that dies in between reads the same records again.
    ///
    /// # Errors
    /// When the next record is corrupt. Good records in front of it are handed over first: that call says how many, and
    /// the next call says what is wrong. Then [`skip_unread`](Self::skip_unread) or [`set_aside`](Self::set_aside).
    pub fn read(&mut self, max_bytes: usize, sink: impl FnMut(Record<'_>)) -> Result<usize, Corrupt> {
        self.reader.read(max_bytes, sink)
    }

    /// Frees the space of everything read so far. To be called once the records are safe elsewhere.
    pub fn release(&mut self) {
        self.reader.release();
    }

    /// Gives up everything committed and unread, after [`Corrupt`], and goes on behind it.
    pub fn skip_unread(&mut self) -> Skipped {
        self.reader.skip_unread()
    }

    /// Bytes committed and not yet read, at most the capacity.
    pub fn backlog(&self) -> u64 {
        self.reader.backlog()
    }

    /// How full the ring is to its producer, from 0 to 1: what is read but not released counts.
    pub fn used_ratio(&self) -> f64 {
        let written = self.word(Word::WritePos).load(Ordering::Relaxed);
        let freed = self.word(Word::ReadPos).load(Ordering::Relaxed);
        let used = written.saturating_sub(freed).min(self.info.capacity);
        // Exact: the capacity is far below 2^53.
        used as f64 / self.info.capacity as f64
    }

    /// What the producer lost so far.
    pub fn losses(&self) -> Losses {
        self.reader.memory().header.losses()
    }

    /// Tells the producer that a consumer is there; `unix_ns` in nanoseconds since 1970.
    pub fn heartbeat(&self, unix_ns: u64) {
        self.word(Word::ConsumerSeen).store(unix_ns, Ordering::Relaxed);
    }

    /// Whether the producer's process still holds its lock. A forked child that inherited the ring keeps it held.
    ///
    /// Ask before the last [`read`](Self::read), not after: a producer may write and die between the two.
    ///
    /// # Errors
    /// When the lock cannot be tried.
    pub fn producer_alive(&self) -> io::Result<bool> {
        is_unlocked(&self.reader.memory().file).map(|unlocked| !unlocked)
    }

    /// Whether the producer ended cleanly and will write no more. Ask before the last [`read`](Self::read).
    pub fn sealed(&self) -> bool {
        // SYNC POINT: seal. All writes came before.
        self.word(Word::Sealed).load(Ordering::Acquire) != 0
    }

    /// Gives a corrupt ring up: tells a living producer to make another, and renames the file to `*.bad`.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn set_aside(self) -> io::Result<PathBuf> {
        self.word(Word::Retired).store(1, Ordering::Relaxed);
        set_aside(&self.path)
    }

    /// Removes the file of a ring whose producer is gone. That it is gone already is no error.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(self) -> io::Result<()> {
        self.word(Word::Retired).store(1, Ordering::Relaxed);
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn word(&self, word: Word) -> &AtomicU64 {
        self.reader.memory().header.word(word)
    }
}

/// The header mapped, the data read through the descriptor.
#[derive(Debug)]
struct OpenedFile {
    header: Mapping,
    file: File,
    capacity: u64,
}

impl Shared for OpenedFile {
    fn capacity(&self) -> u64 {
        self.capacity
    }

    fn load(&self, word: Word, order: Ordering) -> u64 {
        self.header.word(word).load(order)
    }

    fn store(&self, word: Word, value: u64, order: Ordering) {
        self.header.word(word).store(value, order);
    }
}

impl Get for OpenedFile {
    /// The page cache that `pread(2)` copies from is the memory that the producer maps, and the Acquire load of `write_pos`
    /// comes before the call on this very thread.
    fn get(&self, offset: usize, into: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(into, HEADER_LEN + offset as u64)
    }
}
