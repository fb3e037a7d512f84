//! What users configure of each sink over HTTP.

use offpath_core::config::Table;

use crate::config::Environment;

/// What all `[sinks.<name>]` over HTTP have.
#[derive(Debug, Clone)]
pub struct Settings {}

impl Settings {
    pub(crate) fn read(table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Self> {
        let _ = (table, env);
        Some(Self {})
    }
}
