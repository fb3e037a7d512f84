//! A store that cannot be read any more makes way for a new one.

use std::{fs, io, path::Path, time::SystemTime};

use rusqlite::ErrorCode;
use tracing::error;

use super::with_suffix;
use crate::sinks::SinkError;

/// Damaged stores that may lie about: where one after the other breaks, the disk does, and new ones do not help.
const MOST: usize = 3;

/// Whether the error says that the file is a store that is no longer whole. In a place that `is_ours`, a file that is no
/// database at all was one; elsewhere it may be any file that somebody named by mistake.
pub(super) fn is_damage(error: &SinkError, is_ours: bool) -> bool {
    let SinkError::Sqlite(error) = error else { return false };
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => true,
        Some(ErrorCode::NotADatabase) => is_ours,
        _ => false,
    }
}

/// Moves the store at `path` to `<path>.damaged-<time>`, where `sqlite3 .recover` finds it.
pub(super) fn move_aside(path: &Path, why: &SinkError) -> Result<(), SinkError> {
    let aside = with_suffix(path, &format!(".damaged-{}", time()));
    if lying_about(path)? >= MOST {
        let path = path.display();
        return Err(SinkError::Store(format!(
            "{path} is damaged ({why}), as {MOST} stores beside it are; look after the disk, and remove them"
        )));
    }
    for suffix in ["-wal", "-shm", ""] {
        match fs::rename(with_suffix(path, suffix), with_suffix(&aside, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    error!(
        %why, store = %path.display(), moved_to = %aside.display(),
        "the store is damaged; a new one begins with what the spool still holds"
    );
    Ok(())
}

/// As in the names of files: `20261120T080000Z`.
fn time() -> String {
    let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    time.replace(['-', ':'], "")
}

fn lying_about(path: &Path) -> io::Result<usize> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = with_suffix(path, ".damaged-");
    let prefix = prefix.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut count = 0;
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        count += usize::from(name.starts_with(&prefix) && !name.ends_with("-wal") && !name.ends_with("-shm"));
    }
    Ok(count)
}
