//! Where things are: the same rules as in the Python host, so that app and exporter meet without being told.

use std::path::{Path, PathBuf};

use super::Environment;

/// The configuration file: what was named, else `OFFPATH_CONFIG`, else ./offpath.toml if it is there.
#[must_use]
pub fn config_file(named: Option<PathBuf>, env: Environment<'_>) -> Option<PathBuf> {
    let here = PathBuf::from("offpath.toml");
    named.or_else(|| env("OFFPATH_CONFIG").map(PathBuf::from)).or_else(|| here.exists().then_some(here))
}

/// A path as users type it: a leading `~` is the home directory, if there is one.
#[must_use]
pub fn expand(path: &str, env: Environment<'_>) -> PathBuf {
    match (path.strip_prefix('~'), env("HOME")) {
        (Some(""), Some(home)) => PathBuf::from(home),
        (Some(rest), Some(home)) if rest.starts_with('/') => PathBuf::from(home + rest),
        _ => PathBuf::from(path),
    }
}

/// The file in `[exporter] data_dir` that says where a running exporter serves, for `offpath tail` and for
/// scripts that chose port 0.
#[must_use]
pub fn address_file(data_dir: &Path) -> PathBuf {
    data_dir.join("http.addr")
}
