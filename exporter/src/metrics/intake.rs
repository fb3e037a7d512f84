//! What comes in, and what is lost on the way.

use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use super::{By, Metrics, One, Ratio, one};

/// Sources that have a label of their own; a producer may write anything there.
const SOURCES: [&str; 6] = ["asgi", "envoy", "httpx", "aiohttp", "sdk", "otel"];

/// Why events are lost. They are there from the start: a counter that begins with 1 has not risen, as Prometheus sees it.
const REASONS: [&str; 12] = [
    "ring_full",
    "too_big",
    "trap",
    "memory",
    "abandoned",
    "forked",
    "internal",
    "ring_corrupt",
    "undecodable",
    "egress_full",
    "refused",
    "stream_trimmed",
];

#[derive(Debug, Clone, Default)]
pub(super) struct Intake {
    events: By,
    unsampled: By,
    masked: Counter,
    withheld: By,
    dropped: By,
    batches: By,
    ring_used: Family<One, Ratio>,
}

impl Intake {
    pub(super) fn register(&self, registry: &mut Registry) {
        for reason in REASONS {
            self.dropped.get_or_create(&one("reason", reason)).inc_by(0);
        }
        registry.register("events", "Events taken into the spool", self.events.clone());
        registry.register("unsampled", "Requests that sampling left out", self.unsampled.clone());
        registry.register("masked", "Secrets masked in what was taken", self.masked.clone());
        registry.register(
            "withheld",
            "Bodies and texts that could not be looked into, and so are not kept, by why",
            self.withheld.clone(),
        );
        registry.register("dropped", "Events lost, by where and why", self.dropped.clone());
        registry.register("batches", "Batches that Envoy sent, by what became of them", self.batches.clone());
        registry.register("ring_used_ratio", "How full a producer's ring is, 0 to 1", self.ring_used.clone());
    }
}

impl Metrics {
    pub(crate) fn event(&self, source: &str) {
        self.intake.events.get_or_create(&by_source(source)).inc();
    }

    pub(crate) fn unsampled(&self, source: &str) {
        self.intake.unsampled.get_or_create(&by_source(source)).inc();
    }

    pub(crate) fn masked(&self, count: u64) {
        self.intake.masked.inc_by(count);
    }

    pub(crate) fn withheld(&self, why: &'static str) {
        self.intake.withheld.get_or_create(&one("reason", why)).inc();
    }

    pub(crate) fn dropped(&self, reason: &str, count: u64) {
        self.intake.dropped.get_or_create(&one("reason", reason)).inc_by(count);
    }

    pub(crate) fn batch(&self, result: &'static str) {
        self.intake.batches.get_or_create(&one("result", result)).inc();
    }

    pub(crate) fn ring_used(&self, producer: &str, ratio: f64) {
        self.intake.ring_used.get_or_create(&one("producer", producer)).set(ratio);
    }

    pub(crate) fn ring_gone(&self, producer: &str) {
        self.intake.ring_used.remove(&one("producer", producer));
    }
}

fn by_source(source: &str) -> One {
    one("source", if SOURCES.contains(&source) { source } else { "other" })
}
