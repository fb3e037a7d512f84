//! The sinks: what each has delivered, what it has not, and how it is.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::{By, Metrics, One, Ratio, Two, one};
use crate::health::SinkState;

/// Why a sink does not get events, from the start, so that the first of them shows as a rise.
const REASONS: [&str; 9] = [
    "refused",
    "too_large",
    "rejected",
    "no_place",
    "spool_full",
    "spool_expired",
    "spool_damaged",
    "undecodable",
    "dead_letters_full",
];

#[derive(Debug, Clone, Default)]
pub(super) struct Sinks {
    up: Family<One, Gauge>,
    lag: Family<One, Ratio>,
    backlog: Family<One, Gauge>,
    in_flight: Family<One, Gauge>,
    concurrency: Family<One, Gauge>,
    dead_letters: Family<One, Gauge>,
    sent: By,
    repeated: By,
    errors: Family<Two, Counter>,
    dropped: Family<Two, Counter>,
}

/// What is known of a sink by looking at it.
#[derive(Debug)]
pub(crate) struct SinkGauges<'a> {
    /// How it says it is; `None` before it says anything.
    pub(crate) state: Option<&'a SinkState>,
    pub(crate) lag_seconds: f64,
    /// Events that it has still to deliver.
    pub(crate) backlog: u64,
    pub(crate) dead_letters: u64,
}

impl Sinks {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("sink_up", "Whether the sink delivers, or has nothing to deliver", self.up.clone());
        registry.register(
            "sink_lag_seconds",
            "Age of the oldest event that the sink is trying to deliver",
            self.lag.clone(),
        );
        registry.register(
            "sink_backlog_events",
            "Events in the spool that the sink has still to deliver",
            self.backlog.clone(),
        );
        registry.register(
            "sink_in_flight",
            "Requests that the sink waits to be answered",
            self.in_flight.clone(),
        );
        registry.register(
            "sink_concurrency",
            "Requests that the sink has in flight at most, as it adapts to its backend",
            self.concurrency.clone(),
        );
        registry.register(
            "sink_dead_letters",
            "Events of the sink that are kept as dead letters",
            self.dead_letters.clone(),
        );
        registry.register("sink_sent", "Events delivered", self.sent.clone());
        registry.register(
            "sink_repeated",
            "Events delivered that the sink had already: after a kill, or a replay",
            self.repeated.clone(),
        );
        registry.register("sink_errors", "Failed attempts to deliver", self.errors.clone());
        registry.register("sink_dropped", "Events that this sink will not get", self.dropped.clone());
    }
}

impl Metrics {
    /// There is a sink of that name.
    pub(crate) fn sink_starts(&self, sink: &str) {
        self.sink_sent(sink, 0);
        REASONS.into_iter().for_each(|reason| self.sink_dropped(sink, reason, 0));
    }

    /// How a sink is at the moment.
    pub(crate) fn sink(&self, sink: &str, gauges: &SinkGauges<'_>) {
        let (label, whole) = (one("sink", sink), |count: u64| i64::try_from(count).unwrap_or(i64::MAX));
        self.sinks.lag.get_or_create(&label).set(gauges.lag_seconds);
        self.sinks.backlog.get_or_create(&label).set(whole(gauges.backlog));
        self.sinks.dead_letters.get_or_create(&label).set(whole(gauges.dead_letters));
        let Some(state) = gauges.state else { return };
        self.sinks.up.get_or_create(&label).set(state.state.is_well().into());
        // Of one that sends no requests there is nothing to tell.
        if state.concurrency > 0 {
            self.sinks.in_flight.get_or_create(&label).set(whole(state.in_flight));
            self.sinks.concurrency.get_or_create(&label).set(whole(state.concurrency));
        }
    }

    pub(crate) fn sink_sent(&self, sink: &str, count: u64) {
        self.sinks.sent.get_or_create(&one("sink", sink)).inc_by(count);
    }

    pub(crate) fn sink_repeated(&self, sink: &str, count: u64) {
        if count > 0 {
            self.sinks.repeated.get_or_create(&one("sink", sink)).inc_by(count);
        }
    }

    pub(crate) fn sink_error(&self, sink: &str, kind: &str) {
        self.sinks.errors.get_or_create(&[("sink", sink.to_owned()), ("kind", kind.to_owned())]).inc();
    }

    pub(crate) fn sink_dropped(&self, sink: &str, reason: &str, count: u64) {
        let labels = [("sink", sink.to_owned()), ("reason", reason.to_owned())];
        self.sinks.dropped.get_or_create(&labels).inc_by(count);
    }
}

/// When the oldest record that a sink is busy with came; how its lag is told. Clones are the same value.
#[derive(Debug, Clone, Default)]
pub struct Pending(Arc<AtomicU64>);

impl Pending {
    /// The sink is busy with a record that came then.
    pub(crate) fn since(&self, received_unix_ns: u64) {
        self.0.store(received_unix_ns, Ordering::Relaxed);
    }

    /// The sink would be busy with a record that came then, if it is not with one already.
    pub(crate) fn since_if_nothing(&self, received_unix_ns: u64) {
        let _ = self.0.compare_exchange(0, received_unix_ns, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The sink has nothing to do.
    pub(crate) fn nothing(&self) {
        self.since(0);
    }

    pub(crate) fn lag_seconds(&self, now_unix_ns: u64) -> f64 {
        match self.0.load(Ordering::Relaxed) {
            0 => 0.0,
            since => std::time::Duration::from_nanos(now_unix_ns.saturating_sub(since)).as_secs_f64(),
        }
    }
}
