//! The metrics as numbers, for who shows them in another form than Prometheus'.

use std::collections::BTreeMap;

use prometheus_client::{
    encoding::prometheus_protobuf::{
        encode,
        prometheus_data_model::{Metric, MetricFamily},
    },
    registry::Registry,
};

/// Counters and gauges at one moment, by the names that /metrics has.
#[derive(Debug, Clone)]
pub(crate) struct Numbers(Vec<MetricFamily>);

impl Numbers {
    pub(super) fn of_all(registry: &Registry) -> Self {
        Self(encode(registry).unwrap_or_default())
    }

    /// Those with this label alone.
    pub(crate) fn of(&self, label: &str, value: &str) -> Self {
        let has = |metric: &Metric| of_label(metric, label) == Some(value);
        let family = |family: &MetricFamily| MetricFamily {
            name: family.name.clone(),
            metric: family.metric.iter().filter(|metric| has(metric)).cloned().collect(),
            ..MetricFamily::default()
        };
        Self(self.0.iter().map(family).collect())
    }

    /// A metric that is there once; 0 if it is not.
    pub(crate) fn one(&self, name: &str) -> f64 {
        self.family(name).next().map_or(0.0, value)
    }

    /// The same, of what is counted.
    pub(crate) fn count(&self, name: &str) -> u64 {
        whole(self.one(name))
    }

    /// A metric by one of its labels.
    pub(crate) fn by(&self, name: &str, label: &str) -> BTreeMap<String, f64> {
        let named = |metric: &Metric| Some((of_label(metric, label)?.to_owned(), value(metric)));
        self.family(name).filter_map(named).collect()
    }

    /// The same, of what is counted.
    pub(crate) fn counts(&self, name: &str, label: &str) -> BTreeMap<String, u64> {
        self.by(name, label).into_iter().map(|(label, count)| (label, whole(count))).collect()
    }

    fn family(&self, name: &str) -> impl Iterator<Item = &Metric> {
        self.0.iter().filter(move |family| family.name == name).flat_map(|family| &family.metric)
    }
}

fn of_label<'m>(metric: &'m Metric, name: &str) -> Option<&'m str> {
    metric.label.iter().find(|label| label.name == name).map(|label| label.value.as_str())
}

fn value(metric: &Metric) -> f64 {
    let counter = metric.counter.as_ref().map(|counter| counter.value);
    counter.or_else(|| metric.gauge.as_ref().map(|gauge| gauge.value)).unwrap_or(0.0)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are whole, and not below 0"
)]
fn whole(count: f64) -> u64 {
    count as u64
}
