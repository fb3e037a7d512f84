//! Events that are to be sent again: parcels that commands put down, and that sinks pick up.
//!
//! ```text
//! <data_dir>/resend/<sink>/
//!   <nanoseconds since the Unix epoch, 20 digits>-<number, 6 digits>.parcel
//!
//! parcel = magic, marker, frame*
//!
//! offset  size
//!      0     8  magic   "OFPPARCL"
//!      8     8  marker  the parcel's own random number: begins each frame
//!     16     …  frames  as in the spool (see `spool::frame`), with indexes from 0 and no producer
//! ```
//!
//! A parcel holds at most [`MAX_EVENTS`] events and about [`MAX_BYTES`], so that a sink takes it as a batch. It is renamed
//! into place whole, and removed when its sink has delivered it. So writers need not know whether an exporter runs: the
//! directory is all that both share, and who may write there is who owns it (0700).

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use offpath_core::event::Event;
use tracing::warn;

use crate::{
    durable, ids,
    spool::frame::{self, Decoded, Header, Kind},
};

/// The most events in a parcel.
pub const MAX_EVENTS: usize = 1_000;

/// Bytes of encoded events after which a parcel is full.
pub const MAX_BYTES: usize = 2 << 20;

const MAGIC: &[u8; 8] = b"OFPPARCL";
const START: usize = 16;

/// The parcels of one sink.
#[derive(Debug)]
pub struct Resends {
    directory: PathBuf,
}

/// Events to deliver once more.
#[derive(Debug)]
pub struct Parcel {
    /// The events, in the order in which they were put in.
    pub events: Vec<Event>,
    /// How many more there were that are damaged.
    pub damaged: u64,
    path: PathBuf,
}

impl Resends {
    /// The parcels of `sink`. Nothing needs to be there.
    #[must_use]
    pub fn new(data_dir: &Path, sink: &str) -> Self {
        Self { directory: directory(data_dir, sink) }
    }

    /// The oldest parcel: the same one until it is [`Parcel::done`]. One that cannot be read is renamed to `….damaged`, and
    /// the next one is returned.
    ///
    /// # Errors
    ///
    /// The disk fails.
    #[expect(clippy::should_implement_trait, reason = "it is no iterator: it comes again until it is done")]
    pub fn next(&mut self) -> io::Result<Option<Parcel>> {
        while let Some(path) = parcels(&self.directory)?.into_iter().min() {
            match read(&path) {
                Ok(Some((events, damaged))) => return Ok(Some(Parcel { events, damaged, path })),
                Ok(None) => {
                    warn!(parcel = %path.display(), "cannot be read, and is set aside");
                    fs::rename(&path, path.with_extension("damaged"))?;
                }
                // Somebody has removed it, who need not send it any more.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// How many parcels are waiting.
    ///
    /// # Errors
    ///
    /// The directory cannot be read.
    pub fn waiting(&self) -> io::Result<u64> {
        Ok(parcels(&self.directory)?.len() as u64)
    }
}

impl Parcel {
    /// Whether it is the same one, read at another time.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.path == other.path
    }

    /// All of it is delivered, or set aside: it goes. When this returns, it does not come back after a power cut.
    ///
    /// # Errors
    ///
    /// It cannot be removed, and will be delivered again.
    pub fn done(self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
    }
}

/// Puts events into parcels for one sink.
#[derive(Debug)]
pub struct Packer {
    directory: PathBuf,
    marker: u64,
    bytes: Vec<u8>,
    events: usize,
    started_unix_ns: u64,
    parcels: u32,
}

impl Packer {
    /// For `sink`.
    #[must_use]
    pub fn new(data_dir: &Path, sink: &str) -> Self {
        Self {
            directory: directory(data_dir, sink),
            marker: ids::random_u64(),
            bytes: Vec::new(),
            events: 0,
            started_unix_ns: ids::now_unix_ns(),
            parcels: 0,
        }
    }

    /// Puts an encoded event in. Returns whether a parcel was full, and is now the sink's: then all that went in before is on
    /// the disk as well.
    ///
    /// # Errors
    ///
    /// The parcel cannot be written; what was put in since the last one is gone from here.
    pub fn add(&mut self, event: &[u8]) -> io::Result<bool> {
        if self.bytes.is_empty() {
            self.bytes.extend_from_slice(MAGIC);
            self.bytes.extend_from_slice(&self.marker.to_le_bytes());
        }
        let header = Header {
            index: self.events as u64,
            producer: 0,
            sequence: 0,
            received_unix_ns: self.started_unix_ns,
            kind: Kind::Event,
        };
        frame::encode(self.marker, &header, event, &mut self.bytes);
        self.events += 1;
        if self.events < MAX_EVENTS && self.bytes.len() < MAX_BYTES {
            return Ok(false);
        }
        self.finish().map(|()| true)
    }

    /// Hands over what is in it.
    ///
    /// # Errors
    ///
    /// As [`Packer::add`].
    pub fn finish(&mut self) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.bytes);
        if std::mem::take(&mut self.events) == 0 {
            return Ok(());
        }
        durable::create_dir(&self.directory)?;
        let name = format!("{:020}-{:06}.parcel", self.started_unix_ns, self.parcels);
        self.parcels += 1;
        durable::write(&self.directory.join(name), &bytes, None)?;
        File::open(&self.directory)?.sync_all()
    }
}

fn directory(data_dir: &Path, sink: &str) -> PathBuf {
    data_dir.join("resend").join(sink)
}

fn parcels(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "parcel") {
            paths.push(path);
        }
    }
    Ok(paths)
}

/// The events of a parcel, and how many are damaged; `None` if it is no parcel.
fn read(path: &Path) -> io::Result<Option<(Vec<Event>, u64)>> {
    let bytes = fs::read(path)?;
    let Some((start, mut rest)) = bytes.split_at_checked(START) else { return Ok(None) };
    let (magic, marker) = start.split_at(MAGIC.len());
    if magic != MAGIC {
        return Ok(None);
    }
    let marker = u64::from_le_bytes(marker.try_into().unwrap_or_default());
    let (mut events, mut damaged, mut expected) = (Vec::new(), 0, 0);
    while !rest.is_empty() {
        match frame::decode(marker, rest) {
            Decoded::Frame { header, payload, size } => {
                // A gap in the indexes is of frames that were passed over.
                damaged += header.index.saturating_sub(expected);
                expected = header.index + 1;
                match Event::from_bytes(payload) {
                    Ok(event) => events.push(event),
                    Err(_) => damaged += 1,
                }
                rest = &rest[size..];
            }
            Decoded::Short(_) | Decoded::Damaged(_) | Decoded::None => match frame::next_marker(marker, rest)
            {
                Some(at) => rest = &rest[at..],
                None => {
                    damaged += 1;
                    break;
                }
            },
        }
    }
    Ok(Some((events, damaged)))
}

#[cfg(test)]
mod tests;
