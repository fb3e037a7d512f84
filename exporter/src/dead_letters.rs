//! Dead letters: events that the backend of a sink takes under no circumstances, kept with the reason until somebody has
//! looked.
//!
//! ```text
//! <data_dir>/dead-letters/
//!   <sink>/<event id, 32 hexadecimal digits>.letter   see `letter`
//!   <sink>/<event id>.taken                           the same, while it moves into a parcel of `resend`
//! ```
//!
//! - A letter is on the disk when [`DeadLetters::add`] returns, and only then may its sink go on. Where it cannot be
//!   written, as on a full disk, the sink holds the events and tries again: what cannot be set aside is not lost either.
//! - The same event, refused by the same sink again, replaces its letter.
//! - All letters together are bounded by size. The oldest go, and are counted, at each [`DeadLetters::sweep`].
//! - The command `offpath dead-letters` reads and takes letters while the exporter runs. So files are renamed into place
//!   whole, and what is counted here is looked at anew when a directory has changed.

mod folder;
mod letter;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use offpath_core::event::Event;

use self::folder::Folder;
pub use self::letter::{Head, Opened};
use crate::durable;

/// Events that a sink could not deliver, for one reason.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// The sink.
    pub sink: &'a str,
    /// `refused` (the backend will not have it), `too_large` (for the backend, alone) or `rejected` (it took the request
    /// and said that it did not take the event).
    pub reason: &'static str,
    /// What the backend said.
    pub why: &'a str,
    /// When, in nanoseconds since the Unix epoch.
    pub at_unix_ns: u64,
    /// The events; each becomes a letter of its own.
    pub events: &'a [Event],
}

/// Which letter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// When it was written, in nanoseconds since the Unix epoch.
    pub at_unix_ns: u64,
    /// The sink that could not deliver it.
    pub sink: String,
    /// Id of the event.
    pub id: u128,
}

/// What a [`DeadLetters::sweep`] did.
#[derive(Debug, Default)]
pub struct Swept {
    /// How many went, by sink.
    pub gone: BTreeMap<String, u64>,
    /// Why not all went that are to; they are tried again at the next sweep.
    pub failed: Option<io::Error>,
}

/// All letters of a data directory. Clones are the same ones.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    directory: PathBuf,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    max_size: u64,
    /// What the letters take; too much where others have removed some, which a sweep finds out.
    bytes: u64,
    folders: BTreeMap<String, Folder>,
}

impl DeadLetters {
    /// The letters in `data_dir`, which together may take `max_size` bytes. Nothing is created before there is one.
    ///
    /// # Errors
    ///
    /// The directory is there and cannot be read.
    pub fn open(data_dir: &Path, max_size: u64) -> io::Result<Self> {
        let directory = data_dir.join("dead-letters");
        let bytes = folder::bytes(&directory)?;
        let inner = Inner { max_size, bytes, folders: BTreeMap::new() };
        Ok(Self { directory, inner: Arc::new(Mutex::new(inner)) })
    }

    /// Has another bound from now on, in bytes.
    pub fn bound(&self, max_size: u64) {
        self.lock().max_size = max_size;
    }

    /// Writes a letter for each of the events. When this returns, they outlast a power cut.
    ///
    /// # Errors
    ///
    /// Not all could be written. Nothing is lost if the sink keeps all of them and tries again: what is there already is
    /// replaced.
    pub fn add(&self, letter: &Letter<'_>) -> io::Result<()> {
        let folder = self.directory.join(letter.sink);
        durable::create_dir(&folder)?;
        for event in letter.events {
            let path = folder::letter(&folder, event.id());
            let bytes = letter::encode(letter, event);
            let replaced = fs::metadata(&path).ok();
            durable::write(&path, &bytes, Some(letter.at_unix_ns))?;
            let mut inner = self.lock();
            inner.bytes += folder::on_disk(bytes.len() as u64);
            match replaced {
                Some(before) => {
                    inner.bytes = inner.bytes.saturating_sub(folder::on_disk(before.len()));
                }
                None => inner.folders.entry(letter.sink.to_owned()).or_default().grow(),
            }
        }
        File::open(&folder)?.sync_all()
    }

    /// How many letters there are of `sink`; right to the letter, or, if another process has just taken some, within a
    /// second.
    #[must_use]
    pub fn count(&self, sink: &str) -> u64 {
        let path = self.directory.join(sink);
        self.lock().folders.entry(sink.to_owned()).or_default().count(&path)
    }

    /// Removes the oldest while there are too many.
    pub fn sweep(&self) -> Swept {
        let mut swept = Swept::default();
        let (bytes, max_size) = {
            let inner = self.lock();
            (inner.bytes, inner.max_size)
        };
        if bytes <= max_size {
            return swept;
        }
        match folder::evict(&self.directory, max_size, &mut swept.gone) {
            Ok(left) => self.lock().bytes = left,
            Err(error) => swept.failed = Some(error),
        }
        swept
    }

    /// Those of `sink`, or of all sinks, oldest first.
    ///
    /// # Errors
    ///
    /// A directory cannot be read.
    pub fn list(&self, sink: Option<&str>) -> io::Result<Vec<Address>> {
        let mut found = Vec::new();
        folder::each(&self.directory, |entry| {
            if sink.is_none_or(|sink| sink == entry.address.sink) {
                found.push(entry.address);
            }
        })?;
        found.sort_unstable();
        // One that is being taken, and has come back meanwhile, is there twice.
        found.dedup_by(|one, other| (&one.sink, one.id) == (&other.sink, other.id));
        Ok(found)
    }

    /// Opens a letter.
    ///
    /// # Errors
    ///
    /// It is no longer there ([`io::ErrorKind::NotFound`]), or damaged ([`io::ErrorKind::InvalidData`]).
    pub fn get(&self, address: &Address) -> io::Result<Opened> {
        let folder = self.directory.join(&address.sink);
        let read = |path| letter::decode(&fs::read(path)?);
        match read(folder::letter(&folder, address.id)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => read(folder::taken(&folder, address.id)),
            read => read,
        }
    }

    /// Takes a letter to send its event again: it is set aside, so that the same event may be refused, and written,
    /// again from now on. [`DeadLetters::sent`] ends it; until then, whatever happens, it is listed as before.
    ///
    /// # Errors
    ///
    /// Those of [`DeadLetters::get`]. A damaged one stays where it is.
    pub fn take(&self, address: &Address) -> io::Result<Opened> {
        let opened = self.get(address)?;
        let folder = self.directory.join(&address.sink);
        let taken = folder::taken(&folder, address.id);
        match fs::rename(folder::letter(&folder, address.id), &taken) {
            // It was taken before, by a command that did not come to its end.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(opened),
            Err(error) => Err(error),
            Ok(()) => letter::decode(&fs::read(taken)?),
        }
    }

    /// The event of a letter that was taken is in a parcel: the letter goes.
    ///
    /// # Errors
    ///
    /// It cannot be removed, and its event may be sent once more.
    pub fn sent(&self, address: &Address) -> io::Result<()> {
        match fs::remove_file(folder::taken(&self.directory.join(&address.sink), address.id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// A thread that panicked while it held the lock left plain numbers behind, each valid.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
