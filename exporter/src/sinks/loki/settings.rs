//! What users configure of it.

use offpath_core::config::Table;

use crate::{config::Environment, delivery};

/// `[sinks.<name>]` with `type = "loki"`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What all sinks over HTTP have.
    pub delivery: delivery::Settings,
}

impl Settings {
    pub(crate) fn read(table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Self> {
        Some(Self { delivery: delivery::Settings::read(table, env)? })
    }
}
