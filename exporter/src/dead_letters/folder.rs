//! The directories that hold letters, one for each sink: what is in them, counted and removed in bounded memory.

use std::{
    collections::{BTreeMap, BinaryHeap},
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use super::Address;

/// How long a count is believed although the directory has changed, so that counting a full one costs little.
const TRUST: Duration = Duration::from_secs(1);

/// Letters that are removed in one go: their names have to fit into little memory.
const AT_A_TIME: usize = 4_096;

/// The least that a file takes on most disks.
const BLOCK: u64 = 4_096;

/// Where the letter of an event lies in the directory of its sink.
pub(super) fn letter(folder: &Path, id: u128) -> PathBuf {
    folder.join(format!("{id:032x}.letter"))
}

/// Where it lies while it is taken.
pub(super) fn taken(folder: &Path, id: u128) -> PathBuf {
    folder.join(format!("{id:032x}.taken"))
}

/// Bytes that a file of this length takes.
pub(super) fn on_disk(length: u64) -> u64 {
    length.next_multiple_of(BLOCK)
}

/// A letter's file.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) address: Address,
    size: u64,
    path: PathBuf,
}

/// Calls `see` with each letter under `directory`. What is no letter is passed over.
pub(super) fn each(directory: &Path, mut see: impl FnMut(Entry)) -> io::Result<()> {
    for folder in entries(directory)? {
        let folder = folder?;
        let Ok(sink) = folder.file_name().into_string() else { continue };
        if !folder.file_type()?.is_dir() {
            continue;
        }
        for file in entries(&folder.path())? {
            let file = file?;
            let Some(id) = id_of(&file) else { continue };
            // It may be gone by now.
            let Ok(metadata) = file.metadata() else { continue };
            let at_unix_ns = metadata.modified().map_or(0, unix_ns);
            let address = Address { at_unix_ns, sink: sink.clone(), id };
            see(Entry { address, size: on_disk(metadata.len()), path: file.path() });
        }
    }
    Ok(())
}

/// Bytes that all letters take.
pub(super) fn bytes(directory: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    each(directory, |entry| bytes += entry.size)?;
    Ok(bytes)
}

/// Removes the oldest letters until a sixteenth of `max_size` is free, so that this is not to be done for each new one.
/// Counts in `gone` how many went, by sink, however it ends. Returns the bytes that are left.
pub(super) fn evict(directory: &Path, max_size: u64, gone: &mut BTreeMap<String, u64>) -> io::Result<u64> {
    loop {
        let (mut left, mut oldest) = (0, BinaryHeap::new());
        each(directory, |entry| {
            left += entry.size;
            oldest.push(entry);
            if oldest.len() > AT_A_TIME {
                oldest.pop();
            }
        })?;
        // Others may have removed some since the exporter counted.
        if left <= max_size {
            return Ok(left);
        }
        for entry in oldest.into_sorted_vec() {
            if left <= max_size - max_size / 16 {
                return Ok(left);
            }
            left -= entry.size;
            match fs::remove_file(&entry.path) {
                Ok(()) => *gone.entry(entry.address.sink).or_default() += 1,
                // Somebody has taken it, to send it again.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// How many letters a sink has, without counting them each time.
#[derive(Debug, Default)]
pub(super) struct Folder {
    count: u64,
    /// When it was counted, and what the directory said then of its last change.
    counted: Option<(Instant, Option<SystemTime>)>,
}

impl Folder {
    /// A letter was added.
    pub(super) fn grow(&mut self) {
        self.count += 1;
    }

    /// How many there are. One that cannot be read has what it had.
    pub(super) fn count(&mut self, path: &Path) -> u64 {
        let now = SystemTime::now();
        // A change in the tick of the last one cannot be told from it.
        let settled = |at: &SystemTime| now.duration_since(*at).is_ok_and(|age| age > TRUST);
        let changed = fs::metadata(path).and_then(|metadata| metadata.modified()).ok().filter(settled);
        let is_fresh = self
            .counted
            .is_some_and(|(when, before)| when.elapsed() < TRUST || (changed.is_some() && changed == before));
        if !is_fresh && let Ok(files) = entries(path) {
            self.count =
                files.filter(|file| file.as_ref().is_ok_and(|file| id_of(file).is_some())).count() as u64;
            self.counted = Some((Instant::now(), changed));
        }
        self.count
    }
}

/// None of a directory that is not there.
fn entries(directory: &Path) -> io::Result<impl Iterator<Item = io::Result<fs::DirEntry>>> {
    match fs::read_dir(directory) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(error) => Err(error),
    }
}

fn id_of(file: &fs::DirEntry) -> Option<u128> {
    let name = file.file_name();
    let name = name.to_str()?;
    let id = name.strip_suffix(".letter").or_else(|| name.strip_suffix(".taken"))?;
    (id.len() == 32).then(|| u128::from_str_radix(id, 16).ok()).flatten()
}

fn unix_ns(time: SystemTime) -> u64 {
    let elapsed = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
}
