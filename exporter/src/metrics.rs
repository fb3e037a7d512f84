//! What the exporter counts, as /metrics shows it: of itself, and of the API that it watches.
//!
//! Names are part of what users build on: docs/operations.md has all of them in one table.

mod accept;
mod config;
mod exposition;
mod gen_ai;
mod intake;
mod models;
mod numbers;
mod process;
mod requests;
pub(crate) mod series;
mod sinks;
mod spool;

use std::sync::{Arc, atomic::AtomicU64};

use prometheus_client::{
    metrics::{family::Family, gauge::Gauge, info::Info},
    registry::Registry,
};

use self::{
    config::Config, gen_ai::GenAi, intake::Intake, models::Models, process::Process, requests::Requests,
    series::Limit, sinks::Sinks, spool::Spool,
};
pub use self::{exposition::Exposition, sinks::Pending};
pub(crate) use self::{gen_ai::Generated, numbers::Numbers, requests::Request, sinks::SinkGauges};

type One = [(&'static str, String); 1];
type Two = [(&'static str, String); 2];
type Ratio = Gauge<f64, AtomicU64>;

/// Series that one metric of the watched API may have, unless `[exporter] metrics.max_series` says otherwise.
pub const MAX_SERIES: usize = 1000;

/// All metrics. Clones are the same metrics. Each part has its methods beside its metrics.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    limit: Limit,
    intake: Intake,
    requests: Requests,
    models: Models,
    gen_ai: GenAi,
    spool: Spool,
    sinks: Sinks,
    config: Config,
}

impl Default for Metrics {
    fn default() -> Self {
        let limit = Limit::new(MAX_SERIES);
        let mut metrics = Self {
            registry: Arc::default(),
            intake: Intake::default(),
            requests: Requests::new(&limit),
            models: Models::new(&limit),
            gen_ai: GenAi::new(&limit),
            spool: Spool::default(),
            sinks: Sinks::default(),
            config: Config::default(),
            limit,
        };
        metrics.registry = Arc::new(metrics.registry());
        metrics
    }
}

impl Metrics {
    fn registry(&self) -> Registry {
        let mut all = Registry::default();
        let registry = all.sub_registry_with_prefix("offpath");
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "Which version this is", Info::new(version));
        self.intake.register(registry);
        self.requests.register(registry);
        self.models.register(registry);
        self.gen_ai.register(registry);
        self.limit.register(registry);
        self.spool.register(registry);
        self.sinks.register(registry);
        self.config.register(registry);
        all.register_collector(Box::new(Process::new()));
        all
    }

    /// Has each metric of the watched API end with so many series from now on. Those that are there stay.
    pub fn bound(&self, max_series: usize) {
        self.limit.set(max_series);
    }

    /// What offpath counts of itself.
    pub(crate) fn numbers(&self) -> Numbers {
        let mut registry = Registry::with_prefix("offpath");
        self.intake.register(&mut registry);
        self.spool.register(&mut registry);
        self.sinks.register(&mut registry);
        self.config.register(&mut registry);
        Numbers::of_all(&registry)
    }

    /// What a scraper reads, in the format that it asks for in `Accept`.
    #[must_use]
    pub fn exposition(&self, accept: &str) -> Exposition {
        exposition::of(&self.registry, accept::format(accept))
    }
}

fn one(name: &'static str, value: &str) -> One {
    [(name, value.to_owned())]
}

/// A family by one label.
type By = Family<One, prometheus_client::metrics::counter::Counter>;
