//! What /api/status says, as far as it is shown. What is missing, as of an exporter of another version, is empty.

use std::{collections::BTreeMap, time::UNIX_EPOCH};

use serde::Deserialize;
use serde_json::Value;

/// Numbers by name.
pub(super) type Counts = BTreeMap<String, u64>;

/// The exporter at one moment.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    pub(super) version: String,
    pub(super) at: String,
    pub(super) started_at: String,
    pub(super) uptime_seconds: f64,
    pub(super) ready: bool,
    pub(super) problems: Vec<String>,
    pub(super) events: Counts,
    pub(super) dropped: Counts,
    pub(super) producers: Vec<Producer>,
    pub(super) spool: Spool,
    pub(super) sinks: Vec<Sink>,
    pub(super) config: Config,
    /// All of it, as it was said.
    #[serde(skip)]
    pub(super) said: Value,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Producer {
    pub(super) name: String,
    pub(super) used_ratio: f64,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Spool {
    pub(super) bytes: u64,
    pub(super) max_bytes: u64,
    pub(super) records: u64,
    pub(super) oldest_seconds: Option<f64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sink {
    pub(super) name: String,
    pub(super) r#type: String,
    pub(super) state: String,
    pub(super) problem: Option<String>,
    pub(super) since: Option<String>,
    pub(super) retry_at: Option<String>,
    pub(super) lag_seconds: f64,
    pub(super) backlog_events: u64,
    pub(super) sent: u64,
    pub(super) errors: Counts,
    pub(super) dropped: Counts,
    pub(super) dead_letters: u64,
    pub(super) parcels: u64,
    pub(super) in_flight: u64,
    pub(super) concurrency: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub(super) struct Config {
    pub(super) ok: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { ok: true }
    }
}

impl Status {
    /// Reads the body of an answer.
    pub(super) fn read(body: &[u8]) -> serde_json::Result<Self> {
        let said: Value = serde_json::from_slice(body)?;
        Ok(Self { said: said.clone(), ..serde_json::from_value(said)? })
    }
}

/// Seconds from one time of RFC 3339 to another; `None` if one is none.
pub(super) fn seconds(from: &str, to: &str) -> Option<f64> {
    let at = |text: &str| humantime::parse_rfc3339(text).ok()?.duration_since(UNIX_EPOCH).ok();
    Some(at(to)?.as_secs_f64() - at(from)?.as_secs_f64())
}

/// The sum of all.
pub(super) fn sum(counts: &Counts) -> u64 {
    counts.values().fold(0, |sum, count| sum.saturating_add(*count))
}
