//! What models did for the watched API: how soon they began to answer, what they used, and what that cost.

use std::{sync::atomic::AtomicU64, time::Duration};

use offpath_core::event::Generation;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, histogram::Histogram},
    registry::Registry,
};

use super::{
    Metrics,
    series::{Bounded, LONGEST_LABEL, Limit, OVERFLOW, Series, durations},
};

/// Of tokens and cost, all kinds together.
const TOTAL: &str = "total";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Model {
    model: String,
}

impl Bounded for Model {
    fn overflow(self) -> Self {
        Self { model: OVERFLOW.to_owned() }
    }

    fn too_long(&self) -> bool {
        self.model.len() > LONGEST_LABEL
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ModelAndKind {
    model: String,
    kind: String,
}

impl Bounded for ModelAndKind {
    fn overflow(self) -> Self {
        let is_usual = ["input", "output", TOTAL].contains(&self.kind.as_str());
        Self { model: OVERFLOW.to_owned(), kind: if is_usual { self.kind } else { OVERFLOW.to_owned() } }
    }

    fn too_long(&self) -> bool {
        self.model.len() > LONGEST_LABEL || self.kind.len() > LONGEST_LABEL
    }
}

type Dollars = Counter<f64, AtomicU64>;

#[derive(Debug, Clone)]
pub(super) struct Models {
    first_token: Series<Model, Histogram>,
    tokens: Series<ModelAndKind, Counter>,
    cost: Series<Model, Dollars>,
}

impl Models {
    pub(super) fn new(limit: &Limit) -> Self {
        Self {
            first_token: Series::new("offpath_time_to_first_token_seconds", limit, durations),
            tokens: Series::new("offpath_tokens_total", limit, Counter::default),
            cost: Series::new("offpath_cost_usd_total", limit, Dollars::default),
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        self.first_token.register(registry, "Time from the start of a generation to its first token");
        self.tokens.register(
            registry,
            "Tokens that models used, by kind; \"total\" only of those that told nothing else",
        );
        self.cost.register(registry, "What models cost, in US dollars");
    }
}

impl Metrics {
    /// Counts what a model did, under the model that answered or, if none did, the one that was asked for.
    pub(super) fn of_model(&self, generation: &Generation) {
        let asked_for = Some(&generation.response_model).filter(|model| !model.is_empty());
        let model = || asked_for.unwrap_or(&generation.request_model).clone();
        if let Some(nanoseconds) = generation.first_token_ns {
            let seconds = Duration::from_nanos(nanoseconds).as_secs_f64();
            self.models.first_token.observe(Model { model: model() }, |durations| durations.observe(seconds));
        }
        // Were the sum counted beside its parts, a query for all would count each token twice.
        let is_total_alone = generation.usage.iter().all(|tokens| tokens.kind == TOTAL);
        for tokens in generation.usage.iter().filter(|tokens| is_total_alone || tokens.kind != TOTAL) {
            let labels = ModelAndKind { model: model(), kind: tokens.kind.clone() };
            self.models.tokens.observe(labels, |counter| {
                counter.inc_by(tokens.count);
            });
        }
        let dollars = cost(generation);
        if dollars > 0.0 && dollars.is_finite() {
            self.models.cost.observe(Model { model: model() }, |counter| {
                counter.inc_by(dollars);
            });
        }
    }
}

/// All of it in US dollars: the total if there is one, or else the sum of its parts.
fn cost(generation: &Generation) -> f64 {
    let total = generation.cost.iter().find(|cost| cost.kind == TOTAL);
    total.map_or_else(|| generation.cost.iter().map(|cost| cost.usd).sum(), |total| total.usd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use offpath_core::event::{Cost, Tokens};

    fn generation(model: &str, usage: &[(&str, u64)], cost: &[(&str, f64)]) -> Generation {
        let usage = usage.iter().map(|(kind, count)| Tokens { kind: (*kind).to_owned(), count: *count });
        let cost = cost.iter().map(|(kind, usd)| Cost { kind: (*kind).to_owned(), usd: *usd });
        Generation {
            request_model: "asked".to_owned(),
            response_model: model.to_owned(),
            first_token_ns: Some(30_000_000),
            usage: usage.collect(),
            cost: cost.collect(),
            ..Generation::default()
        }
    }

    fn shown(generations: &[Generation]) -> Vec<String> {
        let metrics = Metrics::default();
        generations.iter().for_each(|generation| metrics.of_model(generation));
        let text = String::from_utf8(metrics.exposition("").body).expect("text");
        text.lines().map(str::to_owned).collect()
    }

    #[track_caller]
    fn assert_has(lines: &[String], expected: &str) {
        assert!(lines.iter().any(|line| line == expected), "{expected} in\n{}", lines.join("\n"));
    }

    #[test]
    fn tokens_cost_and_first_token_are_counted_by_model() {
        let one = generation(
            "m",
            &[("input", 50), ("output", 5), ("total", 55)],
            &[("total", 0.25), ("input", 0.2)],
        );
        let lines = shown(&[one.clone(), one]);
        assert_has(&lines, r#"offpath_tokens_total{model="m",kind="input"} 100"#);
        assert_has(&lines, r#"offpath_tokens_total{model="m",kind="output"} 10"#);
        assert_has(&lines, r#"offpath_cost_usd_total{model="m"} 0.5"#);
        assert_has(&lines, r#"offpath_time_to_first_token_seconds_bucket{le="0.05",model="m"} 2"#);
        assert!(!lines.iter().any(|line| line.contains(r#"kind="total""#)), "would be counted twice");
    }

    #[test]
    fn a_total_that_is_all_there_is_counts_and_parts_of_cost_are_added_up() {
        let lines = shown(&[generation("", &[("total", 7)], &[("input", 0.25), ("output", 0.5)])]);
        assert_has(&lines, r#"offpath_tokens_total{model="asked",kind="total"} 7"#);
        assert_has(&lines, r#"offpath_cost_usd_total{model="asked"} 0.75"#);
    }

    #[test]
    fn a_cost_that_no_counter_can_take_is_left_out() {
        let costs = [f64::NAN, f64::INFINITY, -1.0].map(|usd| generation("m", &[], &[("total", usd)]));
        assert!(!shown(&costs).iter().any(|line| line.starts_with("offpath_cost_usd_total")));
    }

    #[test]
    fn models_beyond_the_bound_are_one() {
        let metrics = Metrics::default();
        metrics.bound(2);
        for name in ["a", "b", "c", "d"] {
            metrics.of_model(&generation(name, &[("cached", 1)], &[("total", 1.0)]));
        }
        let text = String::from_utf8(metrics.exposition("").body).expect("text");
        assert!(text.contains(r#"offpath_tokens_total{model="overflow",kind="overflow"} 2"#), "{text}");
        assert!(
            text.contains(r#"offpath_metrics_overflow_total{metric="offpath_cost_usd_total"} 2"#),
            "{text}"
        );
    }
}
