//! What users configure of it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use offpath_core::config::Table;

use crate::config::{Environment, duration, paths};

const DAY: Duration = Duration::from_hours(24);

/// `[sinks.<name>]` with `type = "sqlite"`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `path`: default offpath.db in `[exporter] data_dir`.
    pub path: PathBuf,
    /// Whether `path` is the default: then whatever stands there is ours.
    pub is_default: bool,
    /// What goes, and when.
    pub bounds: Bounds,
}

/// What a store keeps.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// `max_age`: how long after its start an event is kept. A month is what people look back on.
    pub max_age: Duration,
    /// `max_size`: bytes of the file; it holds some 6 million exchanges of 1 KB by default, as much as the spool.
    pub max_size: u64,
}

impl Settings {
    pub(crate) fn in_directory(data_dir: &Path) -> Self {
        let bounds = Bounds { max_age: 30 * DAY, max_size: 10 << 30 };
        Self { path: data_dir.join("offpath.db"), is_default: true, bounds }
    }

    pub(crate) fn read(table: &mut Table<'_, '_>, data_dir: &Path, env: Environment<'_>) -> Self {
        let mut settings = Self::in_directory(data_dir);
        if let Some(path) = table.text("path") {
            let path = paths::expand(path, env);
            settings.is_default = path == settings.path;
            settings.path = path;
        }
        let bounds = &mut settings.bounds;
        bounds.max_age =
            duration(table, "max_age", Duration::from_secs(1), 10_000 * DAY).unwrap_or(bounds.max_age);
        bounds.max_size = table.size("max_size", 1 << 20, 1 << 50).unwrap_or(bounds.max_size);
        settings
    }
}
