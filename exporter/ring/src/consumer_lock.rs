//! One consumer for each directory.

use crate::directory::{DirectoryError, open_private};
use rustix::{
    fs::{self, FlockOperation, Mode, OFlags},
    io::Errno,
};
use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process,
};

const NAME: &str = "consumer.lock";

/// Why this process cannot be the consumer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another exporter reads this directory.
    #[error("another exporter{} reads {dir}: stop it, or name another directory", .pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default())]
    Held {
        /// The ring directory.
        dir: PathBuf,
        /// The holder's process id in its own pid namespace, when it could be read.
        pid: Option<u32>,
    },
    /// The directory cannot hold rings.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The system refused.
    #[error("cannot lock {path}: {source}")]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Held by the one process that reads a directory's rings, until it is dropped or the process dies.
#[derive(Debug)]
pub struct ConsumerLock {
    _file: File,
}

impl ConsumerLock {
    /// Takes the lock, making the directory if there is none. The file stays when the lock goes: removing it would let two
    /// processes lock two files of one name.
    ///
    /// # Errors
    /// See [`LockError`].
    pub fn acquire(dir: &Path) -> Result<Self, LockError> {
        let directory = open_private(dir)?;
        let failed = |source| LockError::Io { path: dir.join(NAME), source };
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = fs::openat(&directory, NAME, flags, Mode::RUSR | Mode::WUSR);
        let mut file = File::from(opened.map_err(|errno| failed(errno.into()))?);
        match fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(LockError::Held { dir: dir.to_owned(), pid: holder(&file) });
            }
            Err(errno) => return Err(failed(errno.into())),
        }
        file.set_len(0).map_err(failed)?;
        writeln!(file, "{}", process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// The pid that the holder wrote. It only makes the error kinder: the lock itself decides.
fn holder(file: &File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
