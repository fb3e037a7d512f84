//! The spool, as far as its disk goes.

use prometheus_client::{metrics::gauge::Gauge, registry::Registry};

use super::{By, Metrics, Ratio, one};

/// What a write fails with, from the start, so that the first one shows as a rise.
const KINDS: [&str; 3] = ["disk_full", "io", "sync"];

#[derive(Debug, Clone, Default)]
pub(super) struct Spool {
    bytes: Gauge,
    max_bytes: Gauge,
    oldest: Ratio,
    errors: By,
}

impl Spool {
    pub(super) fn register(&self, registry: &mut Registry) {
        for kind in KINDS {
            self.errors.get_or_create(&one("kind", kind)).inc_by(0);
        }
        registry.register("spool_bytes", "Size of the spool on disk", self.bytes.clone());
        registry.register(
            "spool_max_bytes",
            "Size at which the spool lets its oldest events go",
            self.max_bytes.clone(),
        );
        registry.register(
            "spool_oldest_seconds",
            "Age of the oldest part of the spool, delivered or not",
            self.oldest.clone(),
        );
        registry.register("spool_errors", "Failed writes to the spool", self.errors.clone());
    }
}

impl Metrics {
    /// What the spool takes, may take, and how old its oldest part is.
    pub(crate) fn spool(&self, bytes: u64, max_bytes: u64, oldest_seconds: f64) {
        self.spool.bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        self.spool.max_bytes.set(i64::try_from(max_bytes).unwrap_or(i64::MAX));
        self.spool.oldest.set(oldest_seconds);
    }

    pub(crate) fn spool_error(&self, kind: &str) {
        self.spool.errors.get_or_create(&one("kind", kind)).inc();
    }
}
