//! `type = "otlp"`, and the presets on it: spans to whatever speaks OTLP over HTTP.
//!
//! ```text
//! Event ─> Span: ids, times, kind, status           span.rs
//!            attributes by OpenTelemetry's names     http.rs, gen_ai.rs
//!            attributes that the backend reads       preset/
//! Spans of one service, environment and release ─> ResourceSpans ─> protobuf or JSON
//! ```
//!
//! Ids and times are those of the event, and the same events give the same bytes: what is sent twice is stored once.
//! Source: <https://github.com/open-telemetry/opentelemetry-proto/blob/main/docs/specification.md>.

mod answer;
mod attributes;
mod content;
mod export;
mod gen_ai;
mod http;
mod ids;
mod messages;
mod observation;
mod openinference;
mod preset;
mod settings;
mod span;

use offpath_core::event::{Event, Kind};

use self::{export::Export, preset::Post};
pub use self::{
    preset::{Preset, Scores, Target},
    settings::{Encoding, Settings},
};
use crate::delivery::{Answer, Backend, Request, Verdict};

/// The sink.
#[derive(Debug)]
pub struct Otlp {
    settings: Settings,
}

impl Otlp {
    /// A sink with these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    fn request(&self, url: &str, content_type: &'static str, body: Vec<u8>, events: Vec<usize>) -> Request {
        let headers = &self.settings.target.headers;
        let headers = headers.iter().map(|(name, value)| (*name, value.expose().to_owned())).collect();
        Request { url: url.to_owned(), content_type, headers, body, events }
    }

    /// Whether it takes spans there, and not scores.
    fn is_otlp(&self, request: &Request) -> bool {
        request.url == self.settings.target.traces
    }

    /// All spans in one request; none if there are none.
    fn spans(&self, events: &[Event]) -> Option<Request> {
        let mut export = Export::new(&self.settings);
        let mut sent = Vec::with_capacity(events.len());
        for (place, event) in events.iter().enumerate() {
            if let Some(span) = span::of(event, &self.settings) {
                export.add(event, span);
                sent.push(place);
            }
        }
        if sent.is_empty() {
            return None;
        }
        let (content_type, body) = export.encode(self.settings.encoding);
        Some(self.request(&self.settings.target.traces, content_type, body, sent))
    }

    /// Scores, where the backend takes them by themselves.
    fn scores(&self, events: &[Event]) -> Vec<Request> {
        let scores = events.iter().enumerate().filter_map(|(place, event)| match &event.kind {
            Some(Kind::Score(score)) => Some((place, event, score)),
            _ => None,
        });
        let posts = match &self.settings.target.scores {
            Some(Scores::Langfuse(url)) => preset::langfuse::scores(url, scores),
            Some(Scores::Phoenix(base)) => preset::phoenix::scores(base, scores),
            None => Vec::new(),
        };
        let request = |post: Post| self.request(&post.url, "application/json", post.body, post.events);
        posts.into_iter().map(request).collect()
    }
}

impl Backend for Otlp {
    fn requests(&self, events: &[Event]) -> Vec<Request> {
        self.spans(events).into_iter().chain(self.scores(events)).collect()
    }

    fn judge(&self, answer: &Answer<'_>) -> Verdict {
        if self.is_otlp(answer.request) {
            return answer::judge(answer);
        }
        answer::judge_of_scores(answer)
    }

    /// The protocol has every receiver read them. What takes scores is made for small requests: Langfuse and Phoenix refuse
    /// theirs as no JSON.
    fn takes_gzip(&self, request: &Request) -> bool {
        self.is_otlp(request)
    }
}
