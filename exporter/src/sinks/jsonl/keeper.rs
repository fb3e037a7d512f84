//! Removes and compresses files that made way, beside delivery: on a thread of its own, and a piece of a file at a time.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
    time::SystemTime,
};

use flate2::{Compression, write::GzEncoder};
use tracing::warn;

use super::{rotation, settings::Rotate};

/// Bytes that are read at a time.
const PIECE: usize = 64 << 10;

/// Does one round at a time.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    round: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Begins a round, unless one is going on. What fails is told, and tried again in the next one.
    pub(super) fn begin(&mut self, path: &Path, rotate: &Rotate) {
        if self.round.as_ref().is_some_and(|round| !round.is_finished()) {
            return;
        }
        let (path, rotate) = (path.to_owned(), rotate.clone());
        let work = move || {
            if let Err(error) = keep(&path, &rotate) {
                warn!(%error, file = %path.display(), "cannot compress or remove what made way for a new file");
            }
        };
        match thread::Builder::new().name("rotate".to_owned()).spawn(work) {
            Ok(round) => self.round = Some(round),
            Err(error) => warn!(%error, "cannot look after what made way for a new file"),
        }
    }
}

fn keep(path: &Path, rotate: &Rotate) -> io::Result<()> {
    let mut all = rotation::all(path)?;
    finish(&mut all)?;
    rotation::remove_old(rotate, &mut all, SystemTime::now())?;
    if rotate.compress {
        // The last one may still be read to its end by whoever followed it.
        all.pop();
        for path in all.iter().filter(|path| !rotation::is_compressed(path)) {
            compress(path)?;
        }
    }
    Ok(())
}

/// Does what a kill kept a round from: where both are there, the compressed one is whole.
fn finish(all: &mut Vec<PathBuf>) -> io::Result<()> {
    for path in all.clone() {
        if all.contains(&rotation::compressed(&path)) {
            rotation::remove(&path)?;
            all.retain(|kept| *kept != path);
        }
    }
    Ok(())
}

/// Written aside, then renamed: under a name that others look for there is never a part of a file.
fn compress(path: &Path) -> io::Result<()> {
    let done = rotation::compressed(path);
    let aside = done.with_extension("gz.new");
    write(path, &aside).inspect_err(|_| {
        // It may have filled the disk.
        let _ = fs::remove_file(&aside);
    })?;
    fs::rename(&aside, &done)?;
    rotation::sync_directory(path)?;
    rotation::remove(path)
}

fn write(from: &Path, to: &Path) -> io::Result<()> {
    let from = File::open(from)?;
    let metadata = from.metadata()?;
    let mode = metadata.mode() & 0o777;
    let to = File::options().write(true).create(true).truncate(true).mode(mode).open(to)?;
    let mut encoder = GzEncoder::new(BufWriter::with_capacity(PIECE, to), Compression::default());
    io::copy(&mut BufReader::with_capacity(PIECE, from), &mut encoder)?;
    let mut to = encoder.finish()?;
    to.flush()?;
    // Ages count from when the lines were written.
    to.get_ref().set_modified(metadata.modified()?)?;
    to.get_ref().sync_all()
}
