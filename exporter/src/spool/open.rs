//! Opening: who owns the directory, what the last segment holds, where to go on.

use std::{
    collections::{BTreeMap, VecDeque},
    fs::{self, File, TryLockError},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex},
};

use tracing::warn;

use super::{
    Inner, Options, Segment, Shared, Spool, Writer, frame,
    frames::Frames,
    segment::{self, Header},
    state::ProducerStates,
    writer::reason_of,
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

/// What the segments on disk come to.
struct Recovered {
    marker: u64,
    segments: VecDeque<Segment>,
    end: u64,
    states: ProducerStates,
    active: File,
}

impl Spool {
    /// Opens the spool in `directory`, which is made if it is not there, and repairs what a crash left.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub fn open(directory: &Path, options: Options, now_unix_ns: u64) -> Result<(Self, Writer), OpenError> {
        let failed = |source| OpenError::Io { directory: directory.to_owned(), source };
        fs::create_dir_all(directory.join("cursors")).map_err(failed)?;
        let lock = own(directory)?;
        let recovered = match recover(directory).map_err(failed)? {
            Ok(recovered) => recovered,
            Err(first) => create(directory, first, now_unix_ns).map_err(failed)?,
        };
        let last = recovered.segments.back().copied();
        let active = Arc::new(recovered.active);
        let inner = Inner {
            options,
            segments: recovered.segments,
            end: recovered.end,
            sinks: BTreeMap::new(),
            active: Arc::clone(&active),
            unsynced: Vec::new(),
            directory_changed: true,
            dirty: true,
        };
        let shared = Arc::new(Shared {
            directory: directory.to_owned(),
            marker: recovered.marker,
            recovered_end: recovered.end,
            inner: Mutex::new(inner),
            grown: Condvar::new(),
            _lock: lock,
        });
        let writer = Writer {
            shared: Arc::clone(&shared),
            file: active,
            length: last.map_or(0, |segment| segment.length),
            created_unix_ns: last.map_or(now_unix_ns, |segment| segment.created_unix_ns),
            states: recovered.states,
            next: recovered.end,
            batch: Vec::new(),
            notes: Vec::new(),
        };
        Ok((Self { shared }, writer))
    }
}

fn own(directory: &Path) -> Result<File, OpenError> {
    let failed = |source| OpenError::Io { directory: directory.to_owned(), source };
    let path = directory.join("lock");
    let mut file =
        File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
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
    file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed)?;
    Ok(file)
}

fn create(directory: &Path, first: u64, now_unix_ns: u64) -> io::Result<Recovered> {
    let marker = crate::ids::random_u64();
    let header = Header { marker, first, created_unix_ns: now_unix_ns, states: ProducerStates::default() };
    let (active, length) = segment::create(directory, &header)?;
    let segments = VecDeque::from([Segment { first, length, created_unix_ns: now_unix_ns }]);
    Ok(Recovered { marker, segments, end: first, states: ProducerStates::default(), active })
}

/// What is there; or, if there is no good segment, the index that a new spool begins with.
fn recover(directory: &Path) -> io::Result<Result<Recovered, u64>> {
    let mut segments = VecDeque::new();
    let mut last: Option<(File, Header, u64)> = None;
    let mut past_damage = 0;
    for first in segment::list(directory)?.into_iter().rev() {
        let path = segment::path(directory, first);
        let file = File::options().read(true).write(true).open(&path)?;
        let length = file.metadata()?.len();
        let header = segment::read_header(&file)?.filter(|(header, _)| {
            header.first == first && last.as_ref().is_none_or(|(_, last, _)| last.marker == header.marker)
        });
        let Some((header, offset)) = header else {
            warn!(segment = %path.display(), "set aside a segment whose header is damaged");
            fs::rename(&path, path.with_extension("damaged"))?;
            // No frame is smaller than its header, so it cannot have held more records than this.
            past_damage = past_damage.max(first + length / frame::HEADER as u64 + 1);
            continue;
        };
        segments.push_front(Segment { first, length, created_unix_ns: header.created_unix_ns });
        last.get_or_insert((file, header, offset));
    }
    let Some((file, header, offset)) = last else { return Ok(Err(past_damage)) };
    let mut states = header.states;
    let (length, end) = scan(&file, header.marker, offset, header.first, &mut states)?;
    if let Some(segment) = segments.back_mut() {
        segment.length = length;
    }
    let end = end.max(past_damage);
    Ok(Ok(Recovered { marker: header.marker, segments, end, states, active: file }))
}

/// Reads the last segment to its end, cuts off what a crash left of a record, and returns its length and the index of
/// the next record.
fn scan(
    file: &File,
    marker: u64,
    offset: u64,
    first: u64,
    states: &mut ProducerStates,
) -> io::Result<(u64, u64)> {
    let length = file.metadata()?.len();
    let mut frames = Frames::new(file.try_clone()?, marker, offset);
    let mut end = first;
    while let Some((header, range)) = frames.advance(length)? {
        states.note(&header, reason_of(header.kind, frames.payload(range)).as_deref());
        end = header.index + 1;
    }
    let good = frames.good_end();
    if good < length {
        warn!(bytes = length - good, "cut off an unfinished record at the end of the spool");
        file.set_len(good)?;
    }
    Ok((good, end))
}
