//! What users configure of it.

use std::{path::PathBuf, time::Duration};

use offpath_core::config::Table;

use crate::config::{Environment, duration, paths};

const DAY: Duration = Duration::from_hours(24);

/// `[sinks.<name>]` with `type = "jsonl"`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `path`: the file that is appended to; needed.
    pub path: PathBuf,
    /// `rotate`: when the file makes way for a new one; without it, that is left to others.
    pub rotate: Option<Rotate>,
}

/// When the file makes way for a new one, and what becomes of those that did.
#[derive(Debug, Clone)]
pub struct Rotate {
    /// `max_size`: bytes; default 100 MiB. A file may have as much more as a batch.
    pub max_size: u64,
    /// `every`: at each multiple of it, by UTC; never unless told.
    pub every: Option<Duration>,
    /// `keep`: how many of them are kept; default 10.
    pub keep: usize,
    /// `max_age`: how long they are kept; default as long as `keep` lets them.
    pub max_age: Option<Duration>,
    /// `compress`: whether they are, by gzip; the last one is left as it is, for those who still read it.
    pub compress: bool,
}

impl Settings {
    pub(crate) fn read(table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Self> {
        let rotate = table.has("rotate").then(|| Rotate::read(table.table("rotate")));
        let rule = "must be the path of a file";
        match table.take("path") {
            None => table.refuse("path", rule, None),
            Some(_) => {
                let path =
                    table.typed("path", rule, |value| value.as_str().filter(|path| !path.is_empty()))?;
                return Some(Self { path: paths::expand(path, env), rotate });
            }
        }
        None
    }
}

impl Rotate {
    fn read(mut table: Table<'_, '_>) -> Self {
        let rotate = Self {
            max_size: table.size("max_size", 4 << 10, 1 << 50).unwrap_or(100 << 20),
            every: duration(&mut table, "every", Duration::from_secs(1), 366 * DAY),
            keep: table.whole("keep", 1, 100_000).and_then(|keep| usize::try_from(keep).ok()).unwrap_or(10),
            max_age: duration(&mut table, "max_age", Duration::from_secs(1), 10_000 * DAY),
            compress: table.one_of("compress", &[("gzip", true), ("none", false)]).unwrap_or(false),
        };
        table.finish();
        rotate
    }
}
