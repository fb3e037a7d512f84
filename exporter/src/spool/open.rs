//! Opening: who owns the directory, and where to go on.
//!
//! After a power cut, the spool may hold less than was delivered from it. Were new records given the indexes of those that
//! it lost, a sink could take them for delivered. So when the machine was started anew, new records have indexes far behind
//! the last and behind all cursors.

use std::{
    collections::BTreeMap,
    fs::{self, TryLockError},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex},
};

use super::{
    Cursor, Inner, Options, SKIP, Shared, Spool, Writer,
    clock::Clock,
    damaged::Damaged,
    recover::{self, Recovered},
    system::{File, Machine, System},
};

/// Why a spool cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("spool {} is in use by process {holder}: stop it, or give this one another [exporter] data_dir", directory.display())]
    InUse {
        /// The spool.
        directory: PathBuf,
        /// Process id of the owner.
        holder: String,
    },
    /// The disk or the permissions do not allow it.
    #[error("spool {}: {source}", directory.display())]
    Io {
        /// The spool.
        directory: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Spool {
    /// Opens the spool in `directory`, which is made if it is not there, and repairs what a crash left.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub fn open(directory: &Path, options: Options) -> Result<(Self, Writer), OpenError> {
        let failed = |source| OpenError::Io { directory: directory.to_owned(), source };
        Machine.create_dir(directory).map_err(failed)?;
        let lock = own(directory)?;
        Self::open_locked(Arc::new(Machine), directory, options, Some(lock)).map_err(failed)
    }

    /// The same on any system. That nobody else has it is up to the caller.
    ///
    /// # Errors
    ///
    /// The disk does not allow it.
    pub fn open_on(
        system: Arc<dyn System>,
        directory: &Path,
        options: Options,
    ) -> io::Result<(Self, Writer)> {
        Self::open_locked(system, directory, options, None)
    }

    fn open_locked(
        system: Arc<dyn System>,
        directory: &Path,
        options: Options,
        lock: Option<fs::File>,
    ) -> io::Result<(Self, Writer)> {
        system.create_dir(&directory.join("cursors"))?;
        let mut damaged = Damaged::open(system.as_ref(), directory);
        let recovered = recover::recover(system.as_ref(), directory, &mut damaged)?;
        let newest = recovered.as_ref().ok().and_then(Recovered::newest_ns);
        let clock = Clock::open(Arc::clone(&system), directory, newest);
        let (recovered, next) = match recovered {
            Ok(recovered) => {
                let claimed = Cursor::last(system.as_ref(), &directory.join("cursors"), recovered.marker)?;
                let beyond = recovered.end.max(claimed).saturating_add(SKIP);
                let next = if recovered.boot == Some(clock.boot()) { recovered.end } else { beyond };
                (recovered, next)
            }
            Err(first) => (Recovered::create(system.as_ref(), directory, first, &clock)?, first),
        };
        let last = recovered.segments.back().copied();
        let active: Arc<dyn File> = Arc::from(recovered.active);
        let inner = Inner {
            options,
            clock,
            segments: recovered.segments,
            end: recovered.end,
            sinks: BTreeMap::new(),
            doomed: Vec::new(),
            active: Arc::clone(&active),
            unsynced: recovered.unsynced,
            directory_changed: true,
            is_dirty: true,
            is_pressed: false,
        };
        let shared = Arc::new(Shared {
            system,
            directory: directory.to_owned(),
            marker: recovered.marker,
            recovered_end: next,
            inner: Mutex::new(inner),
            grown: Condvar::new(),
            damaged: Mutex::new(damaged),
            _lock: lock,
        });
        let writer = Writer {
            shared: Arc::clone(&shared),
            file: active,
            length: last.map_or(0, |segment| segment.length),
            created_ns: last.map_or(0, |segment| segment.created_ns),
            is_torn: false,
            skip: next - recovered.end,
            states: recovered.states,
            next,
            batch: Vec::new(),
            notes: Vec::new(),
        };
        Ok((Self { shared }, writer))
    }
}

fn own(directory: &Path) -> Result<fs::File, OpenError> {
    let failed = |source| OpenError::Io { directory: directory.to_owned(), source };
    let path = directory.join("lock");
    let mut file =
        fs::File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).map_err(failed)?;
            return Err(OpenError::InUse {
                directory: directory.to_owned(),
                holder: holder.trim().to_owned(),
            });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    // It is there for the message above only, and a full disk is no reason not to start.
    let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(file)
}
