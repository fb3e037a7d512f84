//! What the exporter counts of itself, as /metrics shows it.

mod requests;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

pub(crate) use self::requests::Request;
use self::requests::Requests;

type One = [(&'static str, String); 1];
type Two = [(&'static str, String); 2];
type Ratio = Gauge<f64, AtomicU64>;

/// Sources that have a label of their own; a producer may write anything there.
const SOURCES: [&str; 6] = ["asgi", "envoy", "httpx", "aiohttp", "sdk", "otel"];

/// All metrics. Clones are the same metrics.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    events: Family<One, Counter>,
    unsampled: Family<One, Counter>,
    masked: Counter,
    withheld: Family<One, Counter>,
    requests: Requests,
    dropped: Family<One, Counter>,
    batches: Family<One, Counter>,
    ring_used: Family<One, Ratio>,
    spool_bytes: Gauge,
    spool_errors: Family<One, Counter>,
    sink_lag: Family<One, Ratio>,
    sink_sent: Family<One, Counter>,
    sink_errors: Family<Two, Counter>,
    sink_dropped: Family<Two, Counter>,
    config_ok: Gauge,
    config_info: Family<One, Gauge>,
    config_reloads: Family<One, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Arc::default(),
            events: Family::default(),
            unsampled: Family::default(),
            masked: Counter::default(),
            withheld: Family::default(),
            requests: Requests::default(),
            dropped: Family::default(),
            batches: Family::default(),
            ring_used: Family::default(),
            spool_bytes: Gauge::default(),
            spool_errors: Family::default(),
            sink_lag: Family::default(),
            sink_sent: Family::default(),
            sink_errors: Family::default(),
            sink_dropped: Family::default(),
            config_ok: Gauge::default(),
            config_info: Family::default(),
            config_reloads: Family::default(),
        };
        metrics.registry = Arc::new(metrics.registry());
        metrics
    }
}

impl Metrics {
    fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("offpath");
        registry.register("events", "Events taken into the spool", self.events.clone());
        registry.register("unsampled", "Requests that sampling left out", self.unsampled.clone());
        registry.register("masked", "Secrets masked in what was taken", self.masked.clone());
        registry.register(
            "withheld",
            "Bodies and texts that could not be looked into, and so are not kept, by why",
            self.withheld.clone(),
        );
        self.requests.register(&mut registry);
        registry.register("dropped", "Events lost, by where and why", self.dropped.clone());
        registry.register("batches", "Batches that Envoy sent, by what became of them", self.batches.clone());
        registry.register("ring_used_ratio", "How full a producer's ring is, 0 to 1", self.ring_used.clone());
        registry.register("spool_bytes", "Size of the spool on disk", self.spool_bytes.clone());
        registry.register("spool_errors", "Failed writes to the spool", self.spool_errors.clone());
        registry.register(
            "sink_lag_seconds",
            "Age of the oldest event that the sink is trying to deliver",
            self.sink_lag.clone(),
        );
        registry.register("sink_sent", "Events delivered", self.sink_sent.clone());
        registry.register("sink_errors", "Failed attempts to deliver", self.sink_errors.clone());
        registry.register("sink_dropped", "Events that this sink will not get", self.sink_dropped.clone());
        registry.register(
            "config_ok",
            "Whether what is in the configuration file is in force",
            self.config_ok.clone(),
        );
        registry.register("config_info", "1 for the version of the rules in force", self.config_info.clone());
        registry.register(
            "config_reloads",
            "Changed configurations, by what became of them",
            self.config_reloads.clone(),
        );
        registry
    }

    /// The text that Prometheus reads, in the OpenMetrics format.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    pub(crate) fn event(&self, source: &str) {
        self.events.get_or_create(&by_source(source)).inc();
    }

    pub(crate) fn unsampled(&self, source: &str) {
        self.unsampled.get_or_create(&by_source(source)).inc();
    }

    pub(crate) fn masked(&self, count: u64) {
        self.masked.inc_by(count);
    }

    pub(crate) fn withheld(&self, why: &'static str) {
        self.withheld.get_or_create(&[("reason", why.to_owned())]).inc();
    }

    pub(crate) fn request(&self, request: Request) {
        self.requests.observe(request);
    }

    pub(crate) fn dropped(&self, reason: &str, count: u64) {
        self.dropped.get_or_create(&[("reason", reason.to_owned())]).inc_by(count);
    }

    pub(crate) fn batch(&self, result: &'static str) {
        self.batches.get_or_create(&[("result", result.to_owned())]).inc();
    }

    pub(crate) fn ring_used(&self, producer: &str, ratio: f64) {
        self.ring_used.get_or_create(&[("producer", producer.to_owned())]).set(ratio);
    }

    pub(crate) fn ring_gone(&self, producer: &str) {
        self.ring_used.remove(&[("producer", producer.to_owned())]);
    }

    pub(crate) fn spool_bytes(&self, bytes: u64) {
        self.spool_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub(crate) fn spool_error(&self, kind: &str) {
        self.spool_errors.get_or_create(&[("kind", kind.to_owned())]).inc();
    }

    pub(crate) fn sink_lag(&self, sink: &str, seconds: f64) {
        self.sink_lag.get_or_create(&[("sink", sink.to_owned())]).set(seconds);
    }

    pub(crate) fn sink_sent(&self, sink: &str, count: u64) {
        self.sink_sent.get_or_create(&[("sink", sink.to_owned())]).inc_by(count);
    }

    pub(crate) fn sink_error(&self, sink: &str, kind: &str) {
        self.sink_errors.get_or_create(&[("sink", sink.to_owned()), ("kind", kind.to_owned())]).inc();
    }

    /// The rules that are in force.
    pub(crate) fn config(&self, rules: &str) {
        self.config_info.clear();
        self.config_info.get_or_create(&[("rules", rules.to_owned())]).set(1);
    }

    pub(crate) fn config_ok(&self, is_ok: bool) {
        self.config_ok.set(is_ok.into());
    }

    pub(crate) fn config_reload(&self, result: &'static str) {
        self.config_reloads.get_or_create(&[("result", result.to_owned())]).inc();
    }

    pub(crate) fn sink_dropped(&self, sink: &str, reason: &str, count: u64) {
        self.sink_dropped
            .get_or_create(&[("sink", sink.to_owned()), ("reason", reason.to_owned())])
            .inc_by(count);
    }
}

fn by_source(source: &str) -> One {
    let source = if SOURCES.contains(&source) { source } else { "other" };
    [("source", source.to_owned())]
}

/// When the oldest record that a sink is busy with came; how its lag is told. Clones are the same value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pending(Arc<AtomicU64>);

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
