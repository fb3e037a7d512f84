//! How long the requests of the watched API took: of all of them, whether they were sampled or not.

use std::{fmt::Write as _, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::histogram::Histogram,
    registry::Registry,
};

use super::{
    Metrics,
    series::{Bounded, LONGEST_LABEL, Limit, OVERFLOW, Series, durations},
};

/// Methods that have a label of their own; a client may send anything (RFC 9110, section 9.3; RFC 5789).
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// A request, as it is counted.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) service: String,
    /// Its template; empty if none is known.
    pub(crate) route: String,
    pub(crate) method: String,
    pub(crate) status: u32,
    pub(crate) took: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    service: String,
    route: String,
    method: &'static str,
    status: Status,
}

/// A status, or 0 for none; or its class, such as `5xx`, which `status=~"5.."` finds as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Status {
    Code(u32),
    Class(u32),
}

impl EncodeLabelValue for Status {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => code.encode(encoder),
            Self::Class(class) => write!(encoder, "{class}xx"),
        }
    }
}

impl Bounded for Labels {
    fn overflow(self) -> Self {
        let status = match self.status {
            Status::Code(code) if code > 0 => Status::Class(code / 100),
            status => status,
        };
        Self { service: OVERFLOW.to_owned(), route: OVERFLOW.to_owned(), method: OVERFLOW, status }
    }

    fn too_long(&self) -> bool {
        self.service.len() > LONGEST_LABEL || self.route.len() > LONGEST_LABEL
    }
}

#[derive(Debug, Clone)]
pub(super) struct Requests(Series<Labels, Histogram>);

impl Requests {
    pub(super) fn new(limit: &Limit) -> Self {
        Self(Series::new("offpath_request_duration_seconds", limit, durations))
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let help =
            "How long requests to the watched API took, sampled or not, from their start to their last byte";
        self.0.register(registry, help);
    }
}

impl Metrics {
    pub(crate) fn request(&self, request: Request) {
        let method = METHODS.into_iter().find(|method| *method == request.method).unwrap_or("other");
        let status = if (100..600).contains(&request.status) { request.status } else { 0 };
        let Request { service, route, took, .. } = request;
        let labels = Labels { service, route, method, status: Status::Code(status) };
        self.requests.0.observe(labels, |durations| durations.observe(took.as_secs_f64()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(route: &str, method: &str, status: u32) -> Request {
        let (route, method) = (route.to_owned(), method.to_owned());
        Request { service: "chat".to_owned(), route, method, status, took: Duration::from_millis(30) }
    }

    fn text(metrics: &Metrics) -> String {
        String::from_utf8(metrics.exposition("").body).expect("text")
    }

    #[test]
    fn a_request_is_counted_by_what_it_was() {
        let metrics = Metrics::default();
        metrics.request(request("/chat/{id}", "POST", 201));
        let labels = r#"service="chat",route="/chat/{id}",method="POST",status="201""#;
        let text = text(&metrics);
        for line in [
            format!("offpath_request_duration_seconds_count{{{labels}}} 1"),
            format!("offpath_request_duration_seconds_bucket{{le=\"0.025\",{labels}}} 0"),
            format!("offpath_request_duration_seconds_bucket{{le=\"0.05\",{labels}}} 1"),
        ] {
            assert!(text.lines().any(|there| there == line), "{line} in\n{text}");
        }
    }

    #[test]
    fn what_a_client_makes_up_has_no_series_of_its_own() {
        let metrics = Metrics::default();
        metrics.request(request("", "BREW", 418));
        metrics.request(request("", "ABC", 70_000));
        let text = text(&metrics);
        assert!(text.contains(r#"method="other",status="418""#) && text.contains(r#"status="0""#), "{text}");
        assert!(!text.contains("BREW"), "{text}");
    }

    #[test]
    fn series_beyond_the_bound_are_one_for_each_class_of_status_and_counted() {
        let metrics = Metrics::default();
        metrics.bound(20);
        for number in 0..70 {
            metrics.request(request(&format!("/{number}"), "GET", if number == 69 { 503 } else { 200 }));
        }
        let text = text(&metrics);
        let series = text.lines().filter(|line| line.starts_with("offpath_request_duration_seconds_count"));
        assert_eq!(series.count(), 20 + 2);
        let over = r#"service="overflow",route="overflow",method="overflow""#;
        assert!(text.contains(&format!(r#"_count{{{over},status="2xx"}} 49"#)), "{text}");
        assert!(text.contains(&format!(r#"_count{{{over},status="5xx"}} 1"#)), "{text}");
        let counted = r#"offpath_metrics_overflow_total{metric="offpath_request_duration_seconds"} 50"#;
        assert!(text.contains(counted), "{text}");
    }

    #[test]
    fn a_higher_bound_lets_new_series_in() {
        let metrics = Metrics::default();
        metrics.bound(1);
        metrics.request(request("/a", "GET", 200));
        metrics.request(request("/b", "GET", 200));
        metrics.bound(2);
        metrics.request(request("/b", "GET", 200));
        let text = text(&metrics);
        assert!(text.contains(r#"_count{service="chat",route="/b",method="GET",status="200"} 1"#), "{text}");
    }

    #[test]
    fn what_is_too_long_to_be_a_name_is_none() {
        let metrics = Metrics::default();
        metrics.request(request(&"x".repeat(LONGEST_LABEL + 1), "GET", 200));
        assert!(text(&metrics).contains(r#"route="overflow""#));
    }
}
