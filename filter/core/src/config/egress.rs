//! What tunes the filter in Envoy: where its events go, and how many may wait there.

use super::check::{Table, milliseconds};
use std::ops::RangeInclusive;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const INTERVAL_MS: RangeInclusive<u32> = 10..=10_000;

/// `cluster`, `[egress]` and `inject_traceparent`: settings that the core checks, so that there is one place for it, and
/// the filter obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EgressSettings {
    /// Envoy's cluster whose endpoint is the exporter's socket.
    pub cluster: String,
    /// Milliseconds from one sending to the next; default 100. It is also what a kill of Envoy may take.
    pub interval_ms: u32,
    /// Bytes of events that one worker holds until the exporter has them; beyond it the oldest go. Default 2 MiB.
    pub max_memory: u32,
    /// Whether requests go upstream with a `traceparent` that names this exchange as their parent. Default no: Envoy
    /// then chooses the route a second time.
    pub inject_traceparent: bool,
}

impl Default for EgressSettings {
    fn default() -> Self {
        Self {
            cluster: "offpath_exporter".to_owned(),
            interval_ms: 100,
            max_memory: 2 << 20,
            inject_traceparent: false,
        }
    }
}

impl EgressSettings {
    pub(crate) fn read(root: &mut Table<'_, '_>) -> Self {
        let default = Self::default();
        let cluster = root.typed("cluster", "must be the name of one of Envoy's clusters", |value| {
            value.as_str().filter(|name| !name.is_empty()).map(str::to_owned)
        });
        let inject_traceparent = root.flag("inject_traceparent");
        let mut table = root.table("egress");
        let rule = "must be a duration such as \"100ms\" or \"1s\", from 10ms to 10s";
        let interval_ms = table.typed("interval", rule, |value| milliseconds(value.as_str()?, INTERVAL_MS));
        let max_memory = table.size("max_memory", 256 * KIB, 256 * MIB);
        table.finish();
        Self {
            cluster: cluster.unwrap_or(default.cluster),
            interval_ms: interval_ms.unwrap_or(default.interval_ms),
            max_memory: max_memory.and_then(|bytes| u32::try_from(bytes).ok()).unwrap_or(default.max_memory),
            inject_traceparent: inject_traceparent.unwrap_or(default.inject_traceparent),
        }
    }
}
