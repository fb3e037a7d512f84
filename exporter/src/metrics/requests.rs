//! How long the requests of the watched API took: of all of them, whether they were sampled or not.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, histogram::Histogram},
    registry::Registry,
};

/// Upper bounds in seconds: a fast API answers in milliseconds, a model may stream for minutes.
const BUCKETS: [f64; 15] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];

/// Methods that have a label of their own; a client may send anything (RFC 9110, section 9.3; RFC 5789).
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// Services and routes that have labels of their own end with this many series: they are the app's, but a producer may
/// write anything there.
const MOST_SERIES: usize = 1000;
const OVERFLOW: &str = "overflow";

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
    status: u32,
}

#[derive(Debug, Clone)]
pub(super) struct Requests {
    durations: Family<Labels, Histogram, fn() -> Histogram>,
    series: Arc<AtomicUsize>,
}

impl Default for Requests {
    fn default() -> Self {
        Self { durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)), series: Arc::default() }
    }
}

impl Requests {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "request_duration_seconds",
            "How long requests to the watched API took, sampled or not, from their start to their last byte",
            self.durations.clone(),
        );
    }

    pub(super) fn observe(&self, request: Request) {
        let method = METHODS.into_iter().find(|method| *method == request.method).unwrap_or("other");
        let status = if (100..600).contains(&request.status) { request.status } else { 0 };
        let mut labels = Labels { service: request.service, route: request.route, method, status };
        let seconds = request.took.as_secs_f64();
        if let Some(durations) = self.durations.get(&labels) {
            return durations.observe(seconds);
        }
        if self.series.fetch_add(1, Ordering::Relaxed) >= MOST_SERIES {
            (labels.service, labels.route) = (OVERFLOW.to_owned(), OVERFLOW.to_owned());
        }
        self.durations.get_or_create(&labels).observe(seconds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(route: &str, method: &str, status: u32) -> Request {
        let (route, method) = (route.to_owned(), method.to_owned());
        Request { service: "chat".to_owned(), route, method, status, took: Duration::from_millis(30) }
    }

    fn text(requests: &Requests) -> String {
        let mut registry = Registry::default();
        requests.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).expect("text");
        text
    }

    #[test]
    fn a_request_is_counted_by_what_it_was() {
        let requests = Requests::default();
        requests.observe(request("/chat/{id}", "POST", 201));
        let labels = r#"service="chat",route="/chat/{id}",method="POST",status="201""#;
        let text = text(&requests);
        for line in [
            format!("request_duration_seconds_count{{{labels}}} 1"),
            format!("request_duration_seconds_bucket{{le=\"0.025\",{labels}}} 0"),
            format!("request_duration_seconds_bucket{{le=\"0.05\",{labels}}} 1"),
        ] {
            assert!(text.lines().any(|there| there == line), "{line} in\n{text}");
        }
    }

    #[test]
    fn what_a_client_makes_up_has_no_series_of_its_own() {
        let requests = Requests::default();
        requests.observe(request("", "BREW", 418));
        requests.observe(request("", "ABC", 70_000));
        let text = text(&requests);
        assert!(text.contains(r#"method="other",status="418""#) && text.contains(r#"status="0""#), "{text}");
        assert!(!text.contains("BREW"), "{text}");
    }

    #[test]
    fn series_beyond_the_bound_are_one() {
        let requests = Requests::default();
        for number in 0..MOST_SERIES + 50 {
            requests.observe(request(&format!("/{number}"), "GET", 200));
        }
        let text = text(&requests);
        assert_eq!(text.lines().filter(|line| line.contains("_count")).count(), MOST_SERIES + 1);
        assert!(text.contains(r#"_count{service="overflow",route="overflow",method="GET",status="200"} 50"#));
    }
}
