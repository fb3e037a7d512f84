//! What users configure of it.

use std::time::Duration;

use offpath_core::config::Table;

use crate::{
    config::{self, Environment},
    streams::{Keys, Server},
};

/// `[intake.redis]`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `url`, `username`, `password` and `tls`.
    pub server: Server,
    /// `stream`: default "offpath:events".
    pub keys: Keys,
    /// `group`: who shares the stream's entries; default "offpath".
    pub group: String,
    /// `consumer`: this exporter's name in the group; by default one that it keeps in its data directory.
    pub consumer: Option<String>,
    /// `claim_after`: how long an entry is left to a consumer that does not acknowledge it.
    pub claim_after: Duration,
}

impl Settings {
    pub(crate) fn read(mut table: Table<'_, '_>, env: Environment<'_>) -> Option<Self> {
        let rule = "must be a name of 1 to 256 bytes";
        let name = |value: &offpath_core::config::Value| {
            value.as_str().filter(|name| (1..=256).contains(&name.len())).map(str::to_owned)
        };
        let server = Server::read(&mut table, env);
        let keys = Keys::read(&mut table);
        let group = table.typed("group", rule, name).unwrap_or_else(|| "offpath".to_owned());
        let consumer = table.typed("consumer", rule, name);
        let (second, day) = (Duration::from_secs(1), Duration::from_hours(24));
        let claim_after = config::duration(&mut table, "claim_after", second, day);
        table.finish();
        Some(Self {
            server: server?,
            keys: keys?,
            group,
            consumer,
            claim_after: claim_after.unwrap_or(Duration::from_mins(1)),
        })
    }
}
