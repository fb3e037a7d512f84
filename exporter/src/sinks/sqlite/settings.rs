//! What users configure of it.

use std::path::{Path, PathBuf};

use offpath_core::config::Table;

use crate::config::{Environment, paths};

/// `[sinks.<name>]` with `type = "sqlite"`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `path`: default offpath.db in `[exporter] data_dir`.
    pub path: PathBuf,
}

impl Settings {
    pub(crate) fn in_directory(data_dir: &Path) -> Self {
        Self { path: data_dir.join("offpath.db") }
    }

    pub(crate) fn read(table: &mut Table<'_, '_>, data_dir: &Path, env: Environment<'_>) -> Self {
        table
            .text("path")
            .map_or_else(|| Self::in_directory(data_dir), |path| Self { path: paths::expand(path, env) })
    }
}
