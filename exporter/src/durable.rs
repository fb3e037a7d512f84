//! Files that are either there, whole and outlasting a power cut, or not there.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

/// Makes a directory, for the owner alone, and those above it that are missing.
pub(crate) fn create_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let Some(parent) = path.parent() else { return Err(io::ErrorKind::NotFound.into()) };
    create_dir(parent)?;
    // Recursive, so that it is no error if another has just made it.
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    File::open(parent)?.sync_all()
}

/// Writes a file for the owner alone: aside, synced, then renamed into place. `modified_unix_ns` is what it says of its
/// last change. The name outlasts a power cut when the directory is synced, once for many files.
pub(crate) fn write(path: &Path, bytes: &[u8], modified_unix_ns: Option<u64>) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let written = (|| {
        let mut options = File::options();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(bytes)?;
        if let Some(at) = modified_unix_ns {
            file.set_modified(UNIX_EPOCH + Duration::from_nanos(at))?;
        }
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    if written.is_err() {
        // On a full disk its bytes are wanted.
        let _ = fs::remove_file(&temporary);
    }
    written
}
