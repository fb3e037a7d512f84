//! Files that made way for a new one: `events.jsonl` becomes `events-20261120T080000.000Z.jsonl`, and that, once the next
//! one comes, `events-20261120T080000.000Z.jsonl.gz`.
//!
//! The file is renamed, so that whoever follows it by its inode reads it to its end.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::settings::Rotate;

/// What a compressed file's name ends with.
pub(super) const COMPRESSED: &str = ".gz";

/// Whether a file that began then and has so many bytes is to make way.
pub(super) fn is_due(rotate: &Rotate, begun_unix_ns: u64, length: u64, now_unix_ns: u64) -> bool {
    let period = |unix_ns: u64, every: Duration| u128::from(unix_ns) / every.as_nanos().max(1);
    let is_over = |every| period(now_unix_ns, every) > period(begun_unix_ns, every);
    length > 0 && (length >= rotate.max_size || rotate.every.is_some_and(is_over))
}

/// Gives the file a name of its own. When this returns, that outlasts a power cut.
pub(super) fn rename(path: &Path) -> io::Result<()> {
    let mut time = SystemTime::now();
    let name = loop {
        let name = rotated(path, time);
        if !name.exists() && !compressed(&name).exists() {
            break name;
        }
        time += Duration::from_millis(1);
    };
    fs::rename(path, name)?;
    sync_directory(path)
}

/// Makes durable what names there are beside `path`.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(directory(path))?.sync_all()
}

/// The files that made way, compressed or not, oldest first.
pub(super) fn all(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory(path))? {
        let found = entry?.path();
        if is_rotated(path, &found) {
            all.push(found);
        }
    }
    all.sort();
    Ok(all)
}

/// Removes those of `all` that are too many or too old. `all` holds what is left.
pub(super) fn remove_old(rotate: &Rotate, all: &mut Vec<PathBuf>, now: SystemTime) -> io::Result<()> {
    let too_many = all.len().saturating_sub(rotate.keep);
    let mut kept = Vec::new();
    for (place, path) in all.drain(..).enumerate() {
        if place < too_many || is_too_old(rotate, &path, now)? {
            remove(&path)?;
        } else {
            kept.push(path);
        }
    }
    *all = kept;
    Ok(())
}

fn is_too_old(rotate: &Rotate, path: &Path, now: SystemTime) -> io::Result<bool> {
    let Some(max_age) = rotate.max_age else { return Ok(false) };
    // A clock that was set back makes none older.
    let age = now.duration_since(fs::metadata(path)?.modified()?).unwrap_or_default();
    Ok(age > max_age)
}

/// Another program may have been faster.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

pub(super) fn is_compressed(path: &Path) -> bool {
    path.to_string_lossy().ends_with(COMPRESSED)
}

/// The name of a file once it is compressed.
pub(super) fn compressed(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(COMPRESSED);
    name.into()
}

pub(super) fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn rotated(path: &Path, time: SystemTime) -> PathBuf {
    let (stem, extension) = parts(path);
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let time = humantime::format_rfc3339_millis(UNIX_EPOCH + since).to_string().replace(['-', ':'], "");
    directory(path).join(format!("{stem}-{time}{extension}"))
}

fn is_rotated(path: &Path, found: &Path) -> bool {
    const FORM: &str = "00000000T000000.000Z";
    let (stem, extension) = parts(path);
    let name = found.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(COMPRESSED).unwrap_or(&name);
    let time = name.strip_suffix(&extension).and_then(|name| name.strip_prefix(&stem)?.strip_prefix('-'));
    let fits = |(found, form): (char, char)| if form == '0' { found.is_ascii_digit() } else { found == form };
    time.is_some_and(|time| time.len() == FORM.len() && time.chars().zip(FORM.chars()).all(fits))
}

/// `events` and `.jsonl`.
fn parts(path: &Path) -> (String, String) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match name.rfind('.').filter(|at| *at > 0) {
        Some(at) => (name[..at].to_owned(), name[at..].to_owned()),
        None => (name, String::new()),
    }
}
