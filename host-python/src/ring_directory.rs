//! Where rings are: the same place that the exporter looks in (`exporter/src/config/…`).
//!
//! 1. `OFFPATH_DIR`
//! 2. `$XDG_RUNTIME_DIR/offpath`
//! 3. `/dev/shm/offpath-<uid>`

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// The ring directory of this process's environment.
pub(crate) fn ring_directory() -> PathBuf {
    let set = |name: &str| env::var_os(name).filter(|value: &OsString| !value.is_empty());
    if let Some(directory) = set("OFFPATH_DIR") {
        return PathBuf::from(directory);
    }
    if let Some(runtime) = set("XDG_RUNTIME_DIR") {
        return Path::new(&runtime).join("offpath");
    }
    PathBuf::from(format!("/dev/shm/offpath-{}", rustix::process::getuid().as_raw()))
}
