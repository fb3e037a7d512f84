//! What users configure of it.

use offpath_core::config::Table;

use crate::config::Environment;

/// `[sinks.<name>]` with `type = "redis"`.
#[derive(Debug, Clone)]
pub struct Settings {}

impl Settings {
    pub(crate) fn read(table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Self> {
        let _ = (table, env);
        Some(Self {})
    }
}
