//! What the rules make of a recorded exchange: it passes the core as it would in Envoy or an app, and is treated as the
//! exporter treats it. So what is shown is what would be stored.

use std::{collections::BTreeMap, rc::Rc};

use offpath_core::{
    Capture, End, Exchange, Explained, Finished, RequestHead, Start,
    event::{Event, Kind, Outcome},
};

use super::{
    outcome,
    recorded::{Part, Recorded, Side},
};
use crate::{config::Rules, redact::Treatments, spool::frame::MAX_PAYLOAD};

/// A trace-id that no rate below 1 keeps, and one that every rate above 0 keeps: it is the last 56 bits that decide.
const NEVER_BY_RATE: u128 = 1 << 124;
const ALWAYS_BY_RATE: u128 = u128::MAX;

/// The rules, ready for exchanges.
#[derive(Debug)]
pub(super) struct Replay<'r> {
    rules: &'r Rules,
    treatments: Treatments,
    /// By source, one for each of the two ways in which an exchange passes: some rules count what passes.
    captures: BTreeMap<String, [Rc<Capture>; 2]>,
    max_bytes: usize,
}

/// What becomes of an exchange.
#[derive(Debug)]
pub(super) struct Verdict {
    /// Index of the rule that matched; `None` is `[capture]` alone.
    pub(super) rule: Option<usize>,
    /// Whether that rule records.
    pub(super) recorded: bool,
    pub(super) sampling: Sampling,
    /// What would be stored; `None` if it is left out.
    pub(super) event: Option<Event>,
    /// Values that are masked in it.
    pub(super) masked: u64,
    /// As what the rule has its bodies read; empty: as what they look like.
    pub(super) llm: String,
}

/// Whether the exchange is kept.
#[derive(Debug)]
pub(super) struct Sampling {
    /// Of the rule, from 0 to 1.
    pub(super) rate: f64,
    /// Whether the caller's decision stands in the rate's place.
    pub(super) by_caller: bool,
    /// Whether its trace-id is known, and so what the rate decides.
    pub(super) trace_known: bool,
    /// Why it is kept whatever its trace-id.
    pub(super) whatever: Option<String>,
    /// Why it is kept, with its trace-id or, if that is not known, with one that the rate keeps.
    pub(super) because: Option<String>,
}

impl<'r> Replay<'r> {
    pub(super) fn new(rules: &'r Rules) -> Self {
        let ring = usize::try_from(rules.config.host.ring_size / 4).unwrap_or(usize::MAX);
        let (treatments, captures) = (Treatments::default(), BTreeMap::new());
        Self { rules, treatments, captures, max_bytes: ring.min(MAX_PAYLOAD) }
    }

    /// Lets an exchange pass. `number` stands for the ids that a host would make.
    pub(super) fn pass(&mut self, recorded: &Recorded, number: u64) -> Verdict {
        let [real, unlucky] = self.captures(&recorded.source);
        let trace_id = recorded.trace_id.unwrap_or(ALWAYS_BY_RATE);
        let passing = Passing { recorded, trace_id, other_trace: false, number };
        let explained = passing.explained(&real);
        let mut event = passing.through(&real, self.max_bytes);
        let because = event.as_ref().and_then(reason);
        let passing = Passing { recorded, trace_id: NEVER_BY_RATE, other_trace: true, number };
        let whatever = passing.through(&unlucky, self.max_bytes).as_ref().and_then(reason);
        let (masked, llm) = event.as_mut().map_or_else(Default::default, |event| {
            let by_core = outcome::masked_by_core(recorded, event);
            let done = self.treatments.treat(event);
            (by_core + done.masked, done.llm)
        });
        let has_caller = recorded.request.header("traceparent").is_some();
        let sampling = Sampling {
            rate: explained.rate,
            by_caller: explained.follow_parent && has_caller,
            trace_known: recorded.trace_id.is_some() || has_caller,
            whatever,
            because,
        };
        Verdict { rule: explained.rule, recorded: explained.record, sampling, event, masked, llm }
    }

    fn captures(&mut self, source: &str) -> [Rc<Capture>; 2] {
        let made = || [(); 2].map(|()| Capture::new(self.rules.config.clone(), source));
        self.captures.entry(source.to_owned()).or_insert_with(made).clone()
    }
}

/// The exchange that an event is of.
pub(super) fn exchange(event: &Event) -> Option<&offpath_core::event::Exchange> {
    match &event.kind {
        Some(Kind::Exchange(exchange)) => Some(exchange),
        _ => None,
    }
}

/// Why it is kept.
fn reason(event: &Event) -> Option<String> {
    exchange(event).map(|exchange| exchange.sampled_because.clone())
}

/// An exchange on its way.
struct Passing<'a> {
    recorded: &'a Recorded,
    trace_id: u128,
    /// Whether that stands in the place of the one that a `traceparent` names.
    other_trace: bool,
    number: u64,
}

impl Passing<'_> {
    fn explained<'c>(&self, capture: &'c Capture) -> Explained<'c> {
        let Recorded { status, outcome, response, route, .. } = self.recorded;
        // What every server sends in the place of an app that raised before it answered.
        let raised = if *outcome == Outcome::AppError { 500 } else { 0 };
        let answer =
            (status.unwrap_or(raised), response.header("content-type").unwrap_or_default().as_bytes());
        capture.explain(&self.head(), fields(&self.request_headers()), answer, route.as_bytes())
    }

    /// The event that it becomes; `None` if it is left out.
    fn through(&self, capture: &Rc<Capture>, max_bytes: usize) -> Option<Event> {
        let recorded = self.recorded;
        let start = Start {
            unix_ns: recorded.start_unix_ns,
            event_id: self.number.into(),
            trace_id: self.trace_id,
            span_id: self.number,
            parent: None,
        };
        let headers = self.request_headers();
        let mut exchange = capture.begin(start, &self.head(), fields(&headers))?;
        self.feed(&mut exchange);
        let error = recorded.error.as_ref().map(|(class, message)| (class.as_bytes(), message.as_bytes()));
        let websocket = recorded.websocket.as_ref().map(|(code, protocol)| (*code, protocol.as_bytes()));
        let end = End {
            elapsed_ns: recorded.duration_ns,
            outcome: recorded.outcome,
            route: recorded.route.as_bytes(),
            error,
            websocket,
            grpc_status: recorded.grpc_status,
            proxy: None,
            scope: &[],
        };
        match exchange.finish(&end, max_bytes) {
            Finished::Event(event) => Event::from_bytes(&event).ok(),
            _ => None,
        }
    }

    fn head(&self) -> RequestHead<'_> {
        let recorded = self.recorded;
        RequestHead {
            method: recorded.method.as_bytes(),
            scheme: recorded.scheme.as_bytes(),
            authority: recorded.authority.as_bytes(),
            path: recorded.path.as_bytes(),
            query: recorded.query.as_bytes(),
            http_version: recorded.http_version.as_bytes(),
            client: recorded.client.as_bytes(),
        }
    }

    fn feed(&self, exchange: &mut Exchange) {
        let Recorded { request, response, .. } = self.recorded;
        for Part { head, missing, tail } in &request.parts {
            exchange.request_body(head.clone(), *missing, tail.clone());
        }
        if let Some(status) = self.recorded.status {
            exchange.response_head(status, fields(&response.headers));
        }
        let first = self.recorded.first_byte_ns.unwrap_or(self.recorded.duration_ns);
        for Part { head, missing, tail } in &response.parts {
            exchange.response_body(first, head.clone(), *missing, tail.clone());
        }
    }

    fn request_headers(&self) -> Vec<(String, String)> {
        let Side { headers, .. } = &self.recorded.request;
        let mut headers = headers.clone();
        if self.other_trace {
            headers.iter_mut().filter(|header| header.0.eq_ignore_ascii_case("traceparent")).for_each(
                |header| {
                    header.1 = with_trace_id(&header.1, self.trace_id).unwrap_or_else(|| header.1.clone());
                },
            );
        }
        headers
    }
}

/// `version-traceid-parentid-flags` (W3C Trace Context, section 3.2) with another trace-id.
fn with_trace_id(traceparent: &str, trace_id: u128) -> Option<String> {
    let (version, rest) = traceparent.split_once('-')?;
    let (_, rest) = rest.split_once('-')?;
    Some(format!("{version}-{trace_id:032x}-{rest}"))
}

fn fields(headers: &[(String, String)]) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
    headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()))
}
