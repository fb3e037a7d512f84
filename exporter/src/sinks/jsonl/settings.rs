//! What users configure of it.

use std::path::PathBuf;

use offpath_core::config::Table;

use crate::config::{Environment, paths};

/// `[sinks.<name>]` with `type = "jsonl"`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `path`: the file that is appended to; needed.
    pub path: PathBuf,
}

impl Settings {
    pub(crate) fn read(table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Self> {
        let rule = "must be the path of a file";
        match table.take("path") {
            None => table.refuse("path", rule, None),
            Some(_) => {
                let path =
                    table.typed("path", rule, |value| value.as_str().filter(|path| !path.is_empty()))?;
                return Some(Self { path: paths::expand(path, env) });
            }
        }
        None
    }
}
