//! One exchange, from its request head to its last byte: the state machine that hosts feed.

use crate::{
    body::{BodyCapture, Limits},
    budget::Budget,
    config::{Config, Settings},
    event::{self, Event, Kind, Outcome},
    headers,
    text::{clipped, cut},
    trace_context::TraceContext,
};
use prost::Message as _;
use std::rc::Rc;

/// Longest path kept, in bytes.
const MAX_PATH: usize = 4096;
/// Longest query kept, in bytes.
const MAX_QUERY: usize = 8192;
/// Longest of the short texts: method, host, route, an error's class.
const MAX_NAME: usize = 512;
/// Longest error message.
const MAX_MESSAGE: usize = 4096;
/// Status of an app that raised before it answered: what every server sends in its place.
const SERVER_ERROR: u32 = 500;

/// Times and ids of an exchange, all of them made by the host: the core has neither clock nor randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Nanoseconds since the Unix epoch.
    pub unix_ns: u64,
    /// The event's id.
    pub event_id: u128,
    /// Trace id for a request that brings no valid `traceparent`.
    pub trace_id: u128,
    /// Id of the span that this exchange is.
    pub span_id: u64,
}

/// What a request begins with. Bytes as they came; nothing is assumed of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestHead<'a> {
    /// Request method.
    pub method: &'a [u8],
    /// `http`, `https`, `ws` or `wss`. The last two make the exchange a websocket session.
    pub scheme: &'a [u8],
    /// The `:authority`, or the server's own name; used where there is no `Host` header.
    pub authority: &'a [u8],
    /// Path, percent-encoded.
    pub path: &'a [u8],
    /// Query without `?`.
    pub query: &'a [u8],
    /// `1.0`, `1.1`, `2` or `3`.
    pub http_version: &'a [u8],
    /// Address of the peer.
    pub client: &'a [u8],
    /// Header fields, in the order in which they came.
    pub headers: &'a [(&'a [u8], &'a [u8])],
}

/// How many bytes of one body the core wants.
///
/// Of each chunk the host hands over the first bytes until `head` bytes of the body have passed, and of the rest the
/// last `tail` bytes; see [`Exchange::request_body`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// Bytes from the body's start.
    pub head: u32,
    /// Bytes from the body's end, and so from the end of each chunk.
    pub tail: u32,
}

/// What the core wants of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Of the request body, or of a websocket's messages from the client.
    pub request: Want,
    /// Of the response body, or of a websocket's messages to the client.
    pub response: Want,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// Nanoseconds from the start to the last byte.
    pub elapsed_ns: u64,
    /// How.
    pub outcome: Outcome,
    /// Route template; empty if unknown.
    pub route: &'a [u8],
    /// Class and message of what the app raised.
    pub error: Option<(&'a [u8], &'a [u8])>,
    /// Close code and subprotocol of a websocket.
    pub websocket: Option<(u16, &'a [u8])>,
}

/// Configuration made ready, shared by all exchanges of one guest or worker.
#[derive(Debug)]
pub struct Capture {
    config: Config,
    budget: Budget,
    /// The fields that all events of this configuration have in common, encoded once. Protocol Buffers merge
    /// concatenated messages, so an event is these bytes and then its own.
    common: Vec<u8>,
}

impl Capture {
    /// `source`: which host this is, as the event's JSON names it.
    #[must_use]
    pub fn new(config: Config, source: &str) -> Rc<Self> {
        let service = config.service.clone();
        let common = Event {
            schema: event::SCHEMA,
            service: service.name,
            environment: service.environment,
            release: service.release,
            source: source.to_owned(),
            ..Event::default()
        };
        let budget = Budget::new(config.max_memory as usize);
        Rc::new(Self { common: common.encode_to_vec(), config, budget })
    }

    /// Begins an exchange; `None` if the rules say that it is not to be recorded.
    #[must_use]
    pub fn begin(self: &Rc<Self>, start: Start, head: &RequestHead<'_>) -> Option<Exchange> {
        let rule = self.config.rules.iter().find(|rule| rule.matches(head.method, head.path));
        let settings = rule.map_or(&self.config.base, |rule| &rule.settings);
        if !settings.record {
            return None;
        }
        let websocket = head.scheme.starts_with(b"ws");
        let (of_request, of_response) = if websocket {
            (settings.websocket, settings.websocket)
        } else {
            (settings.request_body, settings.response_body)
        };
        let event = event::Exchange {
            rule: rule.map(|rule| rule.name.clone()).unwrap_or_default(),
            sampled_because: "always".to_owned(),
            websocket: websocket.then(event::WebSocket::default),
            ..described(head, settings)
        };
        Some(Exchange {
            rule: rule.and_then(|found| self.config.rules.iter().position(|rule| std::ptr::eq(rule, found))),
            envelope: envelope(start, TraceContext::from_headers(head.headers)),
            event,
            request_headers: settings.headers.keep(head.headers, &settings.secrets),
            response_headers: Vec::new(),
            request: BodyCapture::new(of_request, &self.budget),
            response: BodyCapture::new(of_response, &self.budget),
            plan: Plan { request: of_request.into(), response: of_response.into() },
            capture: Rc::clone(self),
        })
    }
}

impl From<Limits> for Want {
    fn from(limits: Limits) -> Self {
        Self { head: limits.head, tail: limits.tail }
    }
}

fn described(head: &RequestHead<'_>, settings: &Settings) -> event::Exchange {
    let host = headers::first(head.headers, "host").unwrap_or(head.authority);
    event::Exchange {
        method: clipped(head.method, MAX_NAME),
        scheme: clipped(head.scheme, MAX_NAME),
        host: clipped(host, MAX_NAME),
        path: clipped(head.path, MAX_PATH),
        query: settings.secrets.redact(head.query, MAX_QUERY),
        http_version: clipped(head.http_version, MAX_NAME),
        client: clipped(head.client, MAX_NAME),
        ..event::Exchange::default()
    }
}

fn envelope(start: Start, caller: Option<TraceContext>) -> Event {
    let (event_high, event_low) = halves(start.event_id);
    let (trace_high, trace_low) = halves(caller.map_or(start.trace_id, |caller| caller.trace_id));
    Event {
        id_high: event_high,
        id_low: event_low,
        trace_id_high: trace_high,
        trace_id_low: trace_low,
        span_id: start.span_id,
        parent_span_id: caller.map_or(0, |caller| caller.parent_id),
        start_unix_ns: start.unix_ns,
        ..Event::default()
    }
}

#[allow(clippy::cast_possible_truncation, reason = "cutting the number in half is the point")]
fn halves(id: u128) -> (u64, u64) {
    ((id >> 64) as u64, id as u64)
}

/// An exchange while it passes.
#[derive(Debug)]
pub struct Exchange {
    capture: Rc<Capture>,
    /// Index of the rule that matched.
    rule: Option<usize>,
    plan: Plan,
    envelope: Event,
    event: event::Exchange,
    request_headers: Vec<event::Header>,
    response_headers: Vec<event::Header>,
    request: BodyCapture,
    response: BodyCapture,
}

impl Exchange {
    /// How many bytes of each body to hand over.
    #[must_use]
    pub fn plan(&self) -> Plan {
        self.plan
    }

    /// Bytes of the request body, after which the host left out `skipped` more.
    ///
    /// A chunk that is longer than the plan wants comes in two calls: its first bytes with what was skipped, then its
    /// last bytes. `new_chunk` is true for the first of them.
    pub fn request_body(&mut self, bytes: Vec<u8>, skipped: u64, new_chunk: bool) {
        if new_chunk && (!bytes.is_empty() || skipped > 0) {
            self.request.count_chunk();
        }
        self.request.push(bytes, skipped);
    }

    /// Status and headers of the response. Interim (1xx) responses are not for here, except 101.
    pub fn response_head(&mut self, status: u16, fields: &[(&[u8], &[u8])]) {
        let settings = self.settings();
        let kept = settings.headers.keep(fields, &settings.secrets);
        self.event.status = status.into();
        self.response_headers = kept;
        if let Some(websocket) = self.event.websocket.as_mut() {
            websocket.accepted = status == 101;
        }
    }

    /// Bytes of the response body, `elapsed_ns` after the start; otherwise as [`Self::request_body`].
    pub fn response_body(&mut self, elapsed_ns: u64, bytes: Vec<u8>, skipped: u64, new_chunk: bool) {
        if !bytes.is_empty() || skipped > 0 {
            self.event.first_byte_ns.get_or_insert(elapsed_ns);
            if new_chunk {
                self.response.count_chunk();
            }
        }
        self.response.push(bytes, skipped);
    }

    /// Ends the exchange and encodes its event in at most `max_bytes`: if it is longer, its bodies are reduced to
    /// their sizes. `None` if it does not fit even then.
    #[must_use]
    pub fn finish(mut self, end: &End<'_>, max_bytes: usize) -> Option<Vec<u8>> {
        self.envelope.duration_ns = end.elapsed_ns;
        self.event.outcome = end.outcome.into();
        self.event.route = clipped(end.route, MAX_NAME);
        self.event.error = end.error.map(|(class, message)| event::Error {
            r#type: clipped(class, MAX_NAME),
            message: clipped(cut(message, MAX_MESSAGE), MAX_MESSAGE),
        });
        if end.outcome == Outcome::AppError && self.event.status == 0 {
            self.event.status = SERVER_ERROR;
        }
        if let (Some(websocket), Some((code, subprotocol))) = (self.event.websocket.as_mut(), end.websocket) {
            websocket.close_code = code.into();
            websocket.subprotocol = clipped(subprotocol, MAX_NAME);
        }
        self.event.request = Some(message(self.request_headers, self.request));
        self.event.response = Some(message(self.response_headers, self.response));
        encode(&self.capture.common, self.envelope, self.event, max_bytes)
    }

    fn settings(&self) -> &Settings {
        let config = &self.capture.config;
        self.rule.and_then(|index| config.rules.get(index)).map_or(&config.base, |rule| &rule.settings)
    }
}

fn message(headers: Vec<event::Header>, body: BodyCapture) -> event::Message {
    event::Message { headers, chunks: body.chunks(), body: Some(body.into_body()) }
}

fn encode(common: &[u8], envelope: Event, exchange: event::Exchange, max_bytes: usize) -> Option<Vec<u8>> {
    let mut event = Event { kind: Some(Kind::Exchange(exchange)), ..envelope };
    if common.len() + event.encoded_len() > max_bytes {
        drop_bodies(&mut event);
    }
    let length = common.len() + event.encoded_len();
    if length > max_bytes {
        return None;
    }
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(common);
    event.encode_raw(&mut bytes);
    Some(bytes)
}

fn drop_bodies(event: &mut Event) {
    let Some(Kind::Exchange(exchange)) = event.kind.as_mut() else { return };
    for message in [&mut exchange.request, &mut exchange.response].into_iter().flatten() {
        if let Some(body) = message.body.as_mut() {
            body.head = Vec::new();
            body.tail = Vec::new();
        }
    }
}
