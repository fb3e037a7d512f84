//! Making a ring's file: ready in every respect before a consumer can see it.

use crate::{
    boot::{boot_id, start_time},
    directory::{self, DirectoryError},
    layout::{self, HEADER_LEN, Info, index},
    mapping::Mapping,
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

/// A ring's file under its final name, locked and mapped.
pub(crate) struct RingFile {
    /// Its open file holds the lock.
    pub(crate) file: File,
    pub(crate) mapping: Mapping,
    pub(crate) info: Info,
    pub(crate) path: PathBuf,
}

/// Makes the file. The order is the point: locked before it has content, blocks before they are mapped, name last.
pub(crate) fn ring_file(dir: &Path, options: &Options) -> Result<RingFile, CreateError> {
    let directory = directory::open_private(dir)?;
    refuse_pile(dir)?;

    let info = info(options).map_err(failed(dir, "finding out about this process"))?;
    let name = file_name(&info);
    let temporary =
        Temporary::create(&directory, format!("{name}.tmp")).map_err(failed(dir, "creating the file"))?;
    let file = &temporary.file;
    let locked = fs::flock(file, FlockOperation::NonBlockingLockExclusive);
    locked.map_err(io::Error::from).map_err(failed(dir, "locking the file"))?;
    let len = HEADER_LEN + info.capacity;
    reserve(file, len).map_err(|source| CreateError::Space { dir: dir.to_owned(), len, source })?;
    file.write_all_at(&info.encode(), 0).map_err(failed(dir, "writing the header"))?;
    let mapping = Mapping::new(file, index(len)).map_err(failed(dir, "mapping the file"))?;
    let file = temporary.rename(&name).map_err(failed(dir, "naming the file"))?;
    Ok(RingFile { file, mapping, info, path: dir.join(name) })
}

/// Says which step failed.
pub(crate) fn failed(dir: &Path, step: &'static str) -> impl Fn(io::Error) -> CreateError {
    move |source| CreateError::Io { dir: dir.to_owned(), step, source }
}

fn info(options: &Options) -> io::Result<Info> {
    Ok(Info {
        ring_id: random_id()?,
        boot_id: boot_id()?,
        pid: process::id(),
        start_time: start_time()?,
        capacity: options.capacity,
        created_unix_ns: unix_ns(),
    })
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
    let listing = failed(dir, "listing the rings");
    if directory::rings(dir).map_err(&listing)?.len() <= MAX_DEAD_RINGS {
        return Ok(());
    }
    match directory::count_dead(dir).map_err(&listing)? {
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
