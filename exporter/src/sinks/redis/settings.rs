//! What users configure of it.

use offpath_core::config::Table;

use crate::{
    config::Environment,
    streams::{Keys, Server},
};

/// `[sinks.<name>]` with `type = "redis"`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `url`, `username`, `password` and `tls`.
    pub server: Server,
    /// `stream`: default "offpath:events".
    pub keys: Keys,
    /// `max_entries`: above it, the sink waits.
    pub max_entries: u64,
    /// `max_size`: likewise, in bytes of Redis' memory.
    pub max_size: u64,
}

impl Settings {
    /// Those of a stream of this server, with the default bounds. `None` if that is no name for one.
    #[must_use]
    pub fn of(server: Server, stream: &str) -> Option<Self> {
        Some(Self { server, keys: Keys::of(stream)?, max_entries: 1_000_000, max_size: 1 << 30 })
    }

    pub(crate) fn read(table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Self> {
        let server = Server::read(table, env);
        let keys = Keys::read(table);
        let max_entries = table.whole("max_entries", 1, 1 << 40).and_then(|most| u64::try_from(most).ok());
        let max_size = table.size("max_size", 1 << 10, 1 << 50);
        let default = Self::of(server?, Keys::DEFAULT)?;
        Some(Self {
            keys: keys?,
            max_entries: max_entries.unwrap_or(default.max_entries),
            max_size: max_size.unwrap_or(default.max_size),
            ..default
        })
    }
}
