//! The metrics as they are sent, in each format.

use prometheus_client::{
    encoding::{prometheus_protobuf, text},
    registry::Registry,
};
use tracing::error;

use super::accept::Format;

/// All metrics at one moment, as they are sent.
#[derive(Debug)]
pub struct Exposition {
    /// Of the bytes.
    pub content_type: &'static str,
    /// What is sent.
    pub body: Vec<u8>,
}

pub(super) fn of(registry: &Registry, format: Format) -> Exposition {
    let body = match format {
        Format::Protobuf => prometheus_protobuf::encode_to_vec(registry).map_err(|error| error.to_string()),
        Format::OpenMetrics => open_metrics(registry).map(String::into_bytes),
        Format::Text => open_metrics(registry).map(|text| plain(&text).into_bytes()),
    };
    // Only a metric that says one thing and is another fails to be written, and tests look at all of them.
    let body = body.unwrap_or_else(|error| {
        error!(error, "cannot write the metrics");
        Vec::new()
    });
    Exposition { content_type: format.content_type(), body }
}

fn open_metrics(registry: &Registry) -> Result<String, String> {
    let mut out = String::new();
    text::encode(&mut out, registry).map_err(|error| error.to_string())?;
    Ok(out)
}

/// OpenMetrics as Prometheus' older text: what describes a counter bears the name of its samples, and neither units nor
/// the end are told.
fn plain(open_metrics: &str) -> String {
    let mut out = String::with_capacity(open_metrics.len());
    let mut help = None;
    for line in open_metrics.lines() {
        if let Some(described) = line.strip_prefix("# HELP ") {
            help = described.split_once(' ');
        } else if let Some(described) = line.strip_prefix("# TYPE ") {
            let (name, kind) = described.split_once(' ').unwrap_or((described, "untyped"));
            let (ending, kind) = match kind {
                "counter" => ("_total", kind),
                "info" => ("_info", "gauge"),
                "unknown" => ("", "untyped"),
                _ => ("", kind),
            };
            if let Some((_, text)) = help.take() {
                out.extend(["# HELP ", name, ending, " ", text, "\n"]);
            }
            out.extend(["# TYPE ", name, ending, " ", kind, "\n"]);
        } else if !line.starts_with('#') {
            out.extend([line, "\n"]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::{
        encoding::prometheus_protobuf::{encode, prometheus_data_model::MetricType},
        metrics::{counter::Counter, gauge::Gauge, info::Info},
    };

    fn registry() -> Registry {
        let mut registry = Registry::with_prefix("a");
        registry.register("count", "How many", Counter::<u64>::default());
        registry.register("level", "How high", Gauge::<i64>::default());
        registry.register("build", "Which", Info::new([("version", "1")]));
        registry
    }

    #[test]
    fn plain_text_names_each_metric_as_its_samples_are_named() {
        let text = String::from_utf8(of(&registry(), Format::Text).body).expect("text");
        let expected = "# HELP a_count_total How many.\n# TYPE a_count_total counter\na_count_total 0\n\
            # HELP a_level How high.\n# TYPE a_level gauge\na_level 0\n\
            # HELP a_build_info Which.\n# TYPE a_build_info gauge\na_build_info{version=\"1\"} 1\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn messages_have_the_same_names_and_types() {
        let families = encode(&registry()).expect("encoded");
        let found: Vec<(&str, MetricType)> =
            families.iter().map(|family| (family.name.as_str(), family.r#type())).collect();
        let expected = [
            ("a_count_total", MetricType::Counter),
            ("a_level", MetricType::Gauge),
            ("a_build_info", MetricType::Gauge),
        ];
        assert_eq!(found, expected);
    }
}
