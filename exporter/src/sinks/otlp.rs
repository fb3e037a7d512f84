//! `type = "otlp"`, and the presets on it: spans to whatever speaks OTLP over HTTP.
//!
//! ```text
//! Event ─> Span: ids, times, kind, status           span.rs
//!            attributes by OpenTelemetry's names     http.rs, gen_ai.rs
//!            attributes that the backend reads       preset/
//!       ─> what an OpenTelemetry SDK has, as it is    whole.rs
//! Spans of one resource and scope ─> ResourceSpans ─> protobuf or JSON   export.rs
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
mod whole;

use offpath_core::event::{Event, Kind, OtelSpan};

use opentelemetry_proto::tonic::trace::v1::Span;

use self::{export::Export, preset::Post};
pub use self::{
    preset::{Preset, Projects, Scores, Target},
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

    /// All spans in one request, but for those of Langfuse's SDK.
    fn spans(&self, events: &[Event]) -> Vec<Request> {
        let mut lots: Vec<Lot<'_>> = Vec::new();
        for (place, event) in events.iter().enumerate() {
            let otel = otel_of(event).filter(|otel| !self.is_elsewhere(otel));
            if otel.is_none() && otel_of(event).is_some() {
                continue;
            }
            let Some((span, otel)) = self.span(event, otel) else { continue };
            let sdk = otel.filter(|_| self.settings.target.projects.is_some());
            let sdk = sdk.and_then(|otel| preset::langfuse::Signature::of(otel).sdk());
            let at = lots.iter().position(|lot| lot.sdk == sdk).unwrap_or_else(|| {
                lots.push(Lot { sdk, export: Export::new(&self.settings), sent: Vec::new() });
                lots.len() - 1
            });
            match otel {
                Some(otel) => lots[at].export.add_whole(event, otel, span),
                None => lots[at].export.add(event, span),
            }
            lots[at].sent.push(place);
        }
        lots.into_iter().map(|lot| self.request_of(lot)).collect()
    }

    /// A span, and what it is of if it goes out whole.
    fn span<'e>(&self, event: &'e Event, otel: Option<&'e OtelSpan>) -> Option<(Span, Option<&'e OtelSpan>)> {
        if let (Some(Kind::Span(told)), Some(otel)) = (&event.kind, otel)
            && let Some(span) = whole::of(event, told, otel, &self.settings)
        {
            return Some((span, Some(otel)));
        }
        span::of(event, &self.settings).map(|span| (span, None))
    }

    fn request_of(&self, lot: Lot<'_>) -> Request {
        let (content_type, body) = lot.export.encode(self.settings.encoding);
        let mut request = self.request(&self.settings.target.traces, content_type, body, lot.sent);
        if let Some(version) = lot.sdk {
            preset::langfuse::signed(&mut request.headers, version);
        }
        request
    }

    /// Whether a span is for a project of Langfuse that another sink sends to.
    fn is_elsewhere(&self, otel: &OtelSpan) -> bool {
        self.settings.target.projects.as_ref().is_some_and(|projects| projects.is_for_another(otel))
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

/// Spans that are sent together.
#[derive(Debug)]
struct Lot<'a> {
    /// The version of Langfuse's SDK, of which they are; `None` of all others.
    sdk: Option<String>,
    export: Export<'a>,
    /// Their places among all events.
    sent: Vec<usize>,
}

fn otel_of(event: &Event) -> Option<&OtelSpan> {
    match &event.kind {
        Some(Kind::Span(span)) => span.otel.as_ref(),
        _ => None,
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

    fn is_for_another(&self, event: &Event) -> bool {
        otel_of(event).is_some_and(|otel| self.is_elsewhere(otel))
    }

    /// The protocol has every receiver read them. What takes scores is made for small requests: Langfuse and Phoenix refuse
    /// theirs as no JSON.
    fn takes_gzip(&self, request: &Request) -> bool {
        self.is_otlp(request)
    }
}
