//! What models did by the metrics of OpenTelemetry's conventions for generative AI: their names as Prometheus writes them, behind
//! offpath's prefix.
//! Source: <https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-metrics.md>.

use std::time::Duration;

use offpath_core::event::Generation;
use prometheus_client::{encoding::EncodeLabelSet, metrics::histogram::Histogram, registry::Registry};

use super::{
    Metrics,
    series::{Bounded, LONGEST_LABEL, Limit, OVERFLOW, Series, histogram},
};
use crate::usage::Usage;

/// What a model did, as it is counted.
#[derive(Debug)]
pub(crate) struct Generated {
    pub(crate) generation: Box<Generation>,
    pub(crate) took: Duration,
    /// One of a few; empty if nothing failed.
    pub(crate) error_type: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTokens {
    gen_ai_operation_name: String,
    gen_ai_provider_name: String,
    gen_ai_token_type: &'static str,
    gen_ai_request_model: String,
    gen_ai_response_model: String,
}

impl Bounded for OfTokens {
    fn overflow(self) -> Self {
        let over = || OVERFLOW.to_owned();
        Self {
            gen_ai_operation_name: over(),
            gen_ai_provider_name: over(),
            gen_ai_token_type: self.gen_ai_token_type,
            gen_ai_request_model: over(),
            gen_ai_response_model: over(),
        }
    }

    fn too_long(&self) -> bool {
        is_any_too_long([
            &self.gen_ai_operation_name,
            &self.gen_ai_provider_name,
            &self.gen_ai_request_model,
            &self.gen_ai_response_model,
        ])
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOperation {
    gen_ai_operation_name: String,
    gen_ai_provider_name: String,
    gen_ai_request_model: String,
    gen_ai_response_model: String,
    error_type: String,
}

impl Bounded for OfOperation {
    /// Whether something failed stays.
    fn overflow(self) -> Self {
        let over = || OVERFLOW.to_owned();
        Self {
            gen_ai_operation_name: over(),
            gen_ai_provider_name: over(),
            gen_ai_request_model: over(),
            gen_ai_response_model: over(),
            error_type: if self.error_type.is_empty() { self.error_type } else { over() },
        }
    }

    fn too_long(&self) -> bool {
        is_any_too_long([
            &self.gen_ai_operation_name,
            &self.gen_ai_provider_name,
            &self.gen_ai_request_model,
            &self.gen_ai_response_model,
        ]) || self.error_type.len() > LONGEST_LABEL
    }
}

fn is_any_too_long<const N: usize>(labels: [&String; N]) -> bool {
    labels.iter().any(|label| label.len() > LONGEST_LABEL)
}

#[derive(Debug, Clone)]
pub(super) struct GenAi {
    tokens: Series<OfTokens, Histogram>,
    durations: Series<OfOperation, Histogram>,
}

impl GenAi {
    pub(super) fn new(limit: &Limit) -> Self {
        Self {
            tokens: Series::new("offpath_gen_ai_client_token_usage", limit, tokens),
            durations: Series::new("offpath_gen_ai_client_operation_duration_seconds", limit, durations),
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        self.tokens.register(registry, "Tokens that one operation of a model took in and gave out");
        self.durations.register(registry, "How long operations of models took");
    }
}

/// 1, 4, 16, … 67108864.
fn tokens() -> Histogram {
    histogram((0..14).map(|power| 4_f64.powi(power)))
}

/// 0.01, 0.02, 0.04, … 81.92 seconds.
fn durations() -> Histogram {
    // Not 0.01 * 2^n, some of which would be written with sixteen digits.
    histogram((0..14).map(|power| f64::from(1_u16 << power) / 100.0))
}

impl Metrics {
    /// Counts what a model did.
    pub(crate) fn generation(&self, generated: Generated) {
        let Generated { generation, took, error_type } = generated;
        self.of_model(&generation);
        let usage = Usage::of_tokens(&generation);
        for (gen_ai_token_type, tokens) in [("input", usage.input()), ("output", usage.output())] {
            let Some(tokens) = tokens else { continue };
            let labels = OfTokens {
                gen_ai_operation_name: generation.operation.clone(),
                gen_ai_provider_name: generation.system.clone(),
                gen_ai_token_type,
                gen_ai_request_model: generation.request_model.clone(),
                gen_ai_response_model: generation.response_model.clone(),
            };
            self.gen_ai.tokens.observe(labels, |histogram| histogram.observe(tokens as f64));
        }
        let Generation { operation, system, request_model, response_model, .. } = *generation;
        let labels = OfOperation {
            gen_ai_operation_name: operation,
            gen_ai_provider_name: system,
            gen_ai_request_model: request_model,
            gen_ai_response_model: response_model,
            error_type,
        };
        self.gen_ai.durations.observe(labels, |histogram| histogram.observe(took.as_secs_f64()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use offpath_core::event::Tokens;

    fn generated(model: &str, usage: &[(&str, u64)], error_type: &str) -> Generated {
        let usage = usage.iter().map(|(kind, count)| Tokens { kind: (*kind).to_owned(), count: *count });
        let generation = Generation {
            operation: "chat".to_owned(),
            system: "openai".to_owned(),
            request_model: model.to_owned(),
            response_model: format!("{model}-2026"),
            usage: usage.collect(),
            ..Generation::default()
        };
        let took = Duration::from_millis(300);
        Generated { generation: Box::new(generation), took, error_type: error_type.to_owned() }
    }

    fn shown(metrics: &Metrics) -> String {
        String::from_utf8(metrics.exposition("").body).expect("text")
    }

    #[track_caller]
    fn assert_has(text: &str, line: &str) {
        assert!(text.lines().any(|there| there == line), "{line} in\n{text}");
    }

    #[test]
    fn an_operation_is_counted_by_the_names_and_buckets_of_the_conventions() {
        let metrics = Metrics::default();
        let usage = [("input", 40), ("input_cached_tokens", 10), ("output", 5), ("total", 55)];
        metrics.generation(generated("m", &usage, ""));
        metrics.generation(generated("m", &[], "rate_limit"));
        let text = shown(&metrics);
        let whose = r#"gen_ai_operation_name="chat",gen_ai_provider_name="openai""#;
        let models = r#"gen_ai_request_model="m",gen_ai_response_model="m-2026""#;
        let name = "offpath_gen_ai_client_token_usage";
        let labels = |of: &str| format!(r#"{whose},gen_ai_token_type="{of}",{models}"#);
        assert_has(&text, &format!("{name}_sum{{{}}} 50.0", labels("input")));
        assert_has(&text, &format!("{name}_bucket{{le=\"16.0\",{}}} 0", labels("input")));
        assert_has(&text, &format!("{name}_bucket{{le=\"64.0\",{}}} 1", labels("input")));
        assert_has(&text, &format!("{name}_bucket{{le=\"67108864.0\",{}}} 1", labels("output")));
        let name = "offpath_gen_ai_client_operation_duration_seconds";
        assert_has(&text, &format!("{name}_bucket{{le=\"0.16\",{whose},{models},error_type=\"\"}} 0"));
        assert_has(&text, &format!("{name}_bucket{{le=\"0.32\",{whose},{models},error_type=\"\"}} 1"));
        assert_has(
            &text,
            &format!("{name}_bucket{{le=\"81.92\",{whose},{models},error_type=\"rate_limit\"}} 1"),
        );
    }

    #[test]
    fn models_beyond_the_bound_are_one_for_each_type_of_token_and_each_way_to_end() {
        let metrics = Metrics::default();
        metrics.bound(2);
        for (name, error_type) in [("a", ""), ("b", ""), ("c", ""), ("d", "timeout"), ("e", "overloaded")] {
            metrics.generation(generated(name, &[("input", 1), ("output", 1)], error_type));
        }
        metrics.generation(generated(&"x".repeat(LONGEST_LABEL + 1), &[], ""));
        let text = shown(&metrics);
        let count = |name: &str| text.lines().filter(|line| line.starts_with(name)).count();
        assert_eq!(count("offpath_gen_ai_client_token_usage_count"), 2 + 2);
        assert_eq!(count("offpath_gen_ai_client_operation_duration_seconds_count"), 2 + 2);
        assert!(text.contains(r#"gen_ai_response_model="overflow",error_type="overflow"} 2"#), "{text}");
    }
}
