//! What a crash left in the file behind the length that the cursor knows.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
    os::unix::fs::{DirEntryExt as _, FileExt as _},
    path::Path,
};

use serde::Deserialize;

use super::rotation;

/// The ids in the file with this inode, which was moved to another name beside `path`, from `known` on.
pub(super) fn moved(path: &Path, inode: u64, known: u64) -> io::Result<HashSet<u128>> {
    for entry in fs::read_dir(rotation::directory(path))? {
        let entry = entry?;
        if entry.ino() == inode && entry.file_type()?.is_file() {
            return Ok(read(&File::open(entry.path())?, known)?.1);
        }
    }
    Ok(HashSet::new())
}

/// Reads the lines from `known` on. Returns where the last whole one ends, and the ids that the lines have.
pub(super) fn read(file: &File, known: u64) -> io::Result<(u64, HashSet<u128>)> {
    let mut lines = BufReader::new(file.try_clone()?);
    lines.seek(SeekFrom::Start(known))?;
    let (mut end, mut ids, mut line) = (known, HashSet::new(), Vec::new());
    loop {
        line.clear();
        let length = lines.by_ref().read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            return Ok((end, ids));
        }
        end += length as u64;
        ids.extend(id(&line));
    }
}

/// Where the last whole line of the file ends.
pub(super) fn last_line(file: &File, length: u64) -> io::Result<u64> {
    const STEP: u64 = 64 << 10;
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(STEP);
        let mut bytes = vec![0; usize::try_from(end - start).unwrap_or_default()];
        file.read_exact_at(&mut bytes, start)?;
        if let Some(at) = bytes.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

fn id(line: &[u8]) -> Option<u128> {
    #[derive(Deserialize)]
    struct Id {
        id: String,
    }
    let id: Id = serde_json::from_slice(line).ok()?;
    u128::from_str_radix(&id.id, 16).ok()
}
