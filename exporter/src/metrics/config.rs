//! What is configured, and what became of changes to it.

use prometheus_client::{
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

use super::{By, Metrics, One, one};

#[derive(Debug, Clone, Default)]
pub(super) struct Config {
    ok: Gauge,
    info: Family<One, Gauge>,
    reloads: By,
}

impl Config {
    pub(super) fn register(&self, registry: &mut Registry) {
        for result in ["taken", "refused"] {
            self.reloads.get_or_create(&one("result", result)).inc_by(0);
        }
        registry.register(
            "config_ok",
            "Whether what is in the configuration file is in force",
            self.ok.clone(),
        );
        registry.register("config_info", "1 for the version of the rules in force", self.info.clone());
        registry.register(
            "config_reloads",
            "Changed configurations, by what became of them",
            self.reloads.clone(),
        );
    }
}

impl Metrics {
    /// The rules that are in force.
    pub(crate) fn config(&self, rules: &str) {
        self.config.info.clear();
        self.config.info.get_or_create(&one("rules", rules)).set(1);
    }

    pub(crate) fn config_ok(&self, is_ok: bool) {
        self.config.ok.set(is_ok.into());
    }

    pub(crate) fn config_reload(&self, result: &'static str) {
        self.config.reloads.get_or_create(&one("result", result)).inc();
    }
}
