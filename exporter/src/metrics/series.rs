//! Metrics whose labels come from the watched API, and are kept from growing without end.

use std::{
    fmt::{self, Debug},
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor},
        histogram::{Histogram, NativeHistogramConfig},
    },
    registry::{Metric, Registry},
};

use super::{By, one};

/// The label of what is over the limit.
pub(crate) const OVERFLOW: &str = "overflow";

/// A label of more bytes than this is nothing that a person gave a name to.
pub(crate) const LONGEST_LABEL: usize = 256;

/// Neighbouring native buckets grow by at most this: a quantile is within 5% of what it was.
const BUCKET_FACTOR: f64 = 1.1;

/// Native buckets in one series, after which its resolution is halved: 16 bytes each.
const MOST_BUCKETS: usize = 160;

/// How many series each metric may have, and what went over that. Clones are the same limit.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    most: Arc<AtomicUsize>,
    over: By,
}

impl Limit {
    pub(super) fn new(most: usize) -> Self {
        Self { most: Arc::new(AtomicUsize::new(most)), over: By::default() }
    }

    pub(super) fn set(&self, most: usize) {
        self.most.store(most, Ordering::Relaxed);
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "metrics_overflow",
            "Observations that are counted under \"overflow\", by the metric that has too many series",
            self.over.clone(),
        );
    }
}

/// Labels that have a series to end in when there are too many.
pub(super) trait Bounded: Clone + Hash + Eq {
    /// The labels of the series for what is over the limit: a few at most.
    fn overflow(self) -> Self;

    /// Whether any label is too long to be one.
    fn too_long(&self) -> bool;
}

/// A metric by labels, with a limit on how many. Clones are the same metric.
#[derive(Clone)]
pub(super) struct Series<L, M, C = fn() -> M> {
    name: &'static str,
    family: Family<L, M, C>,
    count: Arc<AtomicUsize>,
    limit: Limit,
    over: Counter,
}

impl<L: Bounded, M, C: MetricConstructor<M>> Series<L, M, C> {
    /// `name` is the one that users see.
    pub(super) fn new(name: &'static str, limit: &Limit, constructor: C) -> Self {
        let over = limit.over.get_or_create_owned(&one("metric", name));
        let family = Family::new_with_constructor(constructor);
        Self { name, family, count: Arc::default(), limit: limit.clone(), over }
    }

    /// Finds, or makes, the series of these labels, and observes with it.
    pub(super) fn observe(&self, labels: L, observe: impl FnOnce(&M)) {
        if let Some(metric) = self.family.get(&labels) {
            return observe(&metric);
        }
        let most = self.limit.most.load(Ordering::Relaxed);
        let room = |count: usize| (count < most).then_some(count + 1);
        let has_room =
            !labels.too_long() && self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok();
        let labels = if has_room {
            labels
        } else {
            self.over.inc();
            labels.overflow()
        };
        observe(&self.family.get_or_create(&labels));
    }
}

impl<L, M, C> Series<L, M, C>
where
    L: Bounded + EncodeLabelSet + Debug + Send + Sync + 'static,
    Family<L, M, C>: Metric + Clone,
{
    /// `registry` adds the prefix and, to a counter, the ending.
    pub(super) fn register(&self, registry: &mut Registry, help: &str) {
        let name = self.name.trim_start_matches("offpath_").trim_end_matches("_total");
        registry.register(name, help, self.family.clone());
    }
}

impl<L, M, C> Debug for Series<L, M, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Series").field("name", &self.name).field("count", &self.count).finish_non_exhaustive()
    }
}

/// A histogram with these classic buckets, and native ones.
pub(super) fn histogram(buckets: impl IntoIterator<Item = f64>) -> Histogram {
    let native = NativeHistogramConfig::with_bucket_factor(BUCKET_FACTOR).max_buckets(MOST_BUCKETS);
    Histogram::new_classic_and_native(buckets, native)
}

/// Durations in seconds.
pub(super) fn durations() -> Histogram {
    /// Upper bounds: a fast API answers in milliseconds, a model may stream for minutes.
    const BUCKETS: [f64; 15] =
        [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
    histogram(BUCKETS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::encoding::prometheus_protobuf::encode;

    #[test]
    fn durations_of_all_sizes_keep_to_their_buckets_and_none_is_lost() {
        const EACH: u64 = 2_000;
        let durations = durations();
        for number in 0..EACH {
            // From a nanosecond to 30 years.
            durations.observe(10_f64.powf(number as f64 / EACH as f64 * 18.0 - 9.0));
        }
        let mut registry = Registry::default();
        registry.register("a", "A", durations);
        let families = encode(&registry).expect("encoded");
        let histogram = families[0].metric[0].histogram.as_ref().expect("a histogram");
        let counts = histogram.positive_delta.iter().scan(0, |count, delta| {
            *count += delta;
            Some(*count)
        });
        let counts: Vec<i64> = counts.collect();
        assert!(counts.len() <= MOST_BUCKETS, "{}", counts.len());
        assert_eq!(counts.iter().sum::<i64>().unsigned_abs() + histogram.zero_count, EACH);
        assert_eq!(histogram.sample_count, EACH);
    }
}
