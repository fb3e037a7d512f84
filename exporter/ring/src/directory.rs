//! The directory that holds the rings: private to one user, with nothing in it but rings and the consumer's lock.

use rustix::{
    fs::{self, FlockOperation, Mode, OFlags},
    io::Errno,
    process::geteuid,
};
use std::{
    env,
    ffi::OsStr,
    fs::{DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Where apps and the exporter meet without being told: `OFFPATH_DIR`, else `$XDG_RUNTIME_DIR/offpath`, else
/// `/dev/shm/offpath-<uid>`. The last two are tmpfs on any Linux with systemd; a ring on a disk works, and stalls the app when
/// that disk is busy. A variable that is empty counts as not set.
#[must_use]
pub fn default_directory() -> PathBuf {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("OFFPATH_DIR")
        .or_else(|| set("XDG_RUNTIME_DIR").map(|runtime| runtime.join("offpath")))
        .unwrap_or_else(|| PathBuf::from(format!("/dev/shm/offpath-{}", geteuid().as_raw())))
}

/// A creator names its file in microseconds; whatever kept its temporary name this long was left behind.
const LEFTOVER_AGE: Duration = Duration::from_secs(60);

/// Why a directory cannot hold rings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// It cannot be made or opened. A symbolic link in the last place is refused as well.
    #[error(
        "cannot use ring directory {path}: {source}; it must be a directory (no symbolic link) that this user may write"
    )]
    Open {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It belongs to someone else, who could swap files in it.
    #[error(
        "ring directory {path} belongs to uid {owner}, not to this process (uid {uid}): name a directory of its own"
    )]
    Owner {
        /// The directory.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who this process is.
        uid: u32,
    },
    /// Others may write to it.
    #[error("ring directory {path} has mode {mode:04o}, which lets others write to it: `chmod 700 {path}`")]
    Mode {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

/// Opens the directory, making it with mode 0700 if there is none.
pub(crate) fn open_private(path: &Path) -> Result<File, DirectoryError> {
    let failed = |source| DirectoryError::Open { path: path.to_owned(), source };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = match fs::open(path, flags, Mode::empty()) {
        Err(Errno::NOENT) => {
            DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
            fs::open(path, flags, Mode::empty())
        }
        opened => opened,
    };
    let directory = File::from(directory.map_err(|errno| failed(errno.into()))?);
    let (found, uid) = (directory.metadata().map_err(failed)?, geteuid().as_raw());
    if found.uid() != uid {
        return Err(DirectoryError::Owner { path: path.to_owned(), owner: found.uid(), uid });
    }
    if found.mode() & 0o022 != 0 {
        return Err(DirectoryError::Mode { path: path.to_owned(), mode: found.mode() & 0o7777 });
    }
    Ok(directory)
}

/// The ring files in a directory, in no order. Any of them may be gone by the time it is opened.
///
/// # Errors
/// When the directory cannot be read.
pub fn rings(dir: &Path) -> io::Result<Vec<PathBuf>> {
    with_extension(dir, "ring")
}

/// Removes what producers that died while they made their ring left behind, and says how many files that were.
///
/// # Errors
/// When the directory cannot be read.
pub fn remove_leftovers(dir: &Path) -> io::Result<usize> {
    let mut removed = 0;
    for path in with_extension(dir, "tmp")? {
        let old = |file: &File| {
            let modified = file.metadata().and_then(|found| found.modified());
            modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age >= LEFTOVER_AGE))
        };
        let Ok(file) = open_file(&path) else { continue };
        if old(&file) && is_unlocked(&file)? && std::fs::remove_file(&path).is_ok() {
            removed += 1;
        }
    }
    Ok(removed)
}

/// Renames a file that is no good as a ring to `*.bad`, out of sight of [`rings`], and gives its new path.
///
/// # Errors
/// When it cannot be renamed.
pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let bad = path.with_extension("bad");
    std::fs::rename(path, &bad)?;
    Ok(bad)
}

/// Opens a ring for reading and writing. It follows no link, and does not hang on a pipe.
pub(crate) fn open_file(path: &Path) -> Result<File, Errno> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    Ok(File::from(fs::open(path, flags, Mode::empty())?))
}

/// Whether nobody holds the file's lock. The lock belongs to the holder's open file, so this works inside one process too.
pub(crate) fn is_unlocked(file: &File) -> io::Result<bool> {
    match fs::flock(file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => {
            fs::flock(file, FlockOperation::Unlock)?;
            Ok(true)
        }
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// How many rings have lost their producer and wait for a consumer.
pub(crate) fn count_dead(dir: &Path) -> io::Result<usize> {
    let dead = |path: &PathBuf| open_file(path).is_ok_and(|file| is_unlocked(&file).unwrap_or(false));
    Ok(rings(dir)?.iter().filter(|path| dead(path)).count())
}

fn with_extension(dir: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let paths = std::fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.path()));
    paths
        .filter(|path| path.as_ref().map_or(true, |path| path.extension() == Some(OsStr::new(extension))))
        .collect()
}
