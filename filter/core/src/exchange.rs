//! One exchange, from its request head to its last byte: the state machine that hosts feed.

mod encode;
mod tag;

use self::encode::{Sizes, write_message};
use crate::{
    body::{BodyCapture, Limits},
    budget::{Budget, Share},
    config::{Config, Settings},
    event::{self, Event, Outcome},
    trace_context::TraceContext,
    wire,
};
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
const SERVER_ERROR: u16 = 500;
/// Status of a websocket's handshake that was accepted.
const SWITCHING_PROTOCOLS: u16 = 101;
/// What all exchanges in flight may hold together where neither configuration nor host says otherwise, in bytes.
const DEFAULT_MAX_MEMORY: u32 = 64 << 20;
/// Enough for the metadata of most exchanges, so that they are written into one allocation.
const METADATA: usize = 512;

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
    /// `1.0`, `1.1`, `2` or `3`; empty if [`Exchange::connection`] is to tell.
    pub http_version: &'a [u8],
    /// Address of the peer; empty if [`Exchange::connection`] is to tell.
    pub client: &'a [u8],
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
    /// Status of a gRPC call.
    pub grpc_status: Option<u32>,
    /// What a proxy knows of how it passed the exchange on.
    pub proxy: Option<Proxy<'a>>,
}

/// What a proxy knows; see [`event::Proxy`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Proxy<'a> {
    /// The cluster that its route names.
    pub upstream_cluster: &'a [u8],
    /// Address and port of the upstream.
    pub upstream_host: &'a [u8],
    /// How many times the request was sent upstream.
    pub attempts: u32,
    /// What was out of the ordinary.
    pub response_flags: &'a [&'a str],
    /// Where the response came from.
    pub response_code_details: &'a [u8],
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
        Self::within(DEFAULT_MAX_MEMORY, config, source)
    }

    /// The same with another default for the memory that all exchanges in flight may hold together, in bytes.
    #[must_use]
    pub fn within(max_memory: u32, config: Config, source: &str) -> Rc<Self> {
        let service = config.service.clone();
        let common = Event {
            schema: event::SCHEMA,
            service: service.name,
            environment: service.environment,
            release: service.release,
            source: source.to_owned(),
            ..Event::default()
        };
        let budget = Budget::new(config.max_memory_or(max_memory) as usize);
        Rc::new(Self { common: common.to_bytes(), config, budget })
    }

    /// Begins an exchange; `None` if the rules say that it is not to be recorded. `fields`: name and value of each
    /// header, in the order in which they came.
    #[must_use]
    pub fn begin<'a>(
        self: &Rc<Self>,
        start: Start,
        head: &RequestHead<'_>,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Option<Exchange> {
        let rule = self.config.rules.iter().position(|rule| rule.matches(head.method, head.path));
        let settings = self.settings(rule);
        if !settings.record {
            return None;
        }
        let websocket = head.scheme.starts_with(b"ws");
        let (of_request, of_response) = if websocket {
            (settings.websocket, settings.websocket)
        } else if head.method == b"CONNECT" {
            // What passes a tunnel is no body (RFC 9110, section 9.3.6): it is counted.
            (Limits::default(), Limits::default())
        } else {
            (settings.request_body, settings.response_body)
        };
        let mut described = Vec::with_capacity(METADATA);
        describe(&mut described, head, settings);
        if let Some(rule) = rule.and_then(|index| self.config.rules.get(index)) {
            wire::bytes(&mut described, tag::RULE, rule.name.as_bytes());
        }
        wire::bytes(&mut described, tag::SAMPLED_BECAUSE, b"always");
        let found = settings.headers.keep(fields, &settings.secrets, tag::REQUEST, &mut described);
        wire::text(&mut described, tag::HOST, found.host.unwrap_or(head.authority), MAX_NAME);
        // Two of them are none: nobody knows which to believe.
        let traceparent = found.traceparent.filter(|_| found.traceparents == 1);
        let mut share = self.budget.share();
        share.hold(described.capacity());
        Some(Exchange {
            rule,
            start,
            caller: traceparent.and_then(TraceContext::parse),
            websocket,
            status: None,
            first_byte_ns: None,
            described,
            share,
            request: BodyCapture::new(of_request, &self.budget),
            response: BodyCapture::new(of_response, &self.budget),
            plan: Plan { request: of_request.into(), response: of_response.into() },
            capture: Rc::clone(self),
        })
    }

    fn settings(&self, rule: Option<usize>) -> &Settings {
        let rule = rule.and_then(|index| self.config.rules.get(index));
        rule.map_or(&self.config.base, |rule| &rule.settings)
    }
}

impl From<Limits> for Want {
    fn from(limits: Limits) -> Self {
        Self { head: limits.head, tail: limits.tail }
    }
}

/// Writes what is known of an `Exchange` when it begins.
fn describe(out: &mut Vec<u8>, head: &RequestHead<'_>, settings: &Settings) {
    wire::text(out, tag::METHOD, head.method, MAX_NAME);
    wire::text(out, tag::SCHEME, head.scheme, MAX_NAME);
    wire::text(out, tag::PATH, head.path, MAX_PATH);
    wire::text(out, tag::QUERY, &settings.secrets.redact(head.query), MAX_QUERY);
    wire::text(out, tag::CLIENT, head.client, MAX_NAME);
    wire::text(out, tag::HTTP_VERSION, head.http_version, MAX_NAME);
}

fn describe_proxy(out: &mut Vec<u8>, proxy: &Proxy<'_>) {
    let mut message = Vec::with_capacity(128);
    wire::text(&mut message, tag::UPSTREAM_CLUSTER, proxy.upstream_cluster, MAX_NAME);
    wire::text(&mut message, tag::UPSTREAM_HOST, proxy.upstream_host, MAX_NAME);
    wire::number(&mut message, tag::ATTEMPTS, proxy.attempts.into());
    for flag in proxy.response_flags {
        wire::bytes(&mut message, tag::RESPONSE_FLAGS, flag.as_bytes());
    }
    wire::text(&mut message, tag::RESPONSE_CODE_DETAILS, proxy.response_code_details, MAX_NAME);
    wire::head(out, tag::PROXY, message.len());
    out.extend_from_slice(&message);
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
    start: Start,
    caller: Option<TraceContext>,
    websocket: bool,
    status: Option<u16>,
    first_byte_ns: Option<u64>,
    /// Fields of the event's `Exchange`, encoded: all but what the bodies will be.
    described: Vec<u8>,
    /// What they hold of the memory for all exchanges.
    share: Share,
    request: BodyCapture,
    response: BodyCapture,
}

impl Exchange {
    /// How many bytes of each body to hand over.
    #[must_use]
    pub fn plan(&self) -> Plan {
        self.plan
    }

    /// Bytes that the exchange holds beside its bodies. Of the memory for all exchanges they take their part, however
    /// little is left: to bound them, a host begins no more.
    #[must_use]
    pub fn described_bytes(&self) -> usize {
        self.described.capacity()
    }

    /// The `traceparent` that makes whoever gets the request a child of this exchange.
    #[must_use]
    pub fn traceparent(&self) -> String {
        let caller = self.caller.unwrap_or(TraceContext {
            trace_id: self.start.trace_id,
            parent_id: 0,
            flags: TraceContext::SAMPLED,
        });
        TraceContext { parent_id: self.start.span_id, ..caller }.to_string()
    }

    /// What the request head left open of the connection that it came by.
    pub fn connection(&mut self, http_version: &[u8], client: &[u8]) {
        wire::text(&mut self.described, tag::HTTP_VERSION, http_version, MAX_NAME);
        wire::text(&mut self.described, tag::CLIENT, client, MAX_NAME);
    }

    /// One chunk of the request body: its first bytes, how many the host then left out, and its last bytes; where
    /// nothing lies between the two, all of it is `first`.
    pub fn request_body(&mut self, first: Vec<u8>, skipped: u64, last: Vec<u8>) {
        self.request.push(first, skipped, last);
    }

    /// Status and headers of the response; a second one is none. Interim (1xx) responses are not for here, except 101.
    pub fn response_head<'a>(&mut self, status: u16, fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) {
        if self.status.is_none() {
            self.status = Some(status);
            let settings = self.capture.settings(self.rule);
            let before = self.described.capacity();
            settings.headers.keep(fields, &settings.secrets, tag::RESPONSE, &mut self.described);
            self.share.hold(self.described.capacity().saturating_sub(before));
        }
    }

    /// One chunk of the response body, `elapsed_ns` after the start; otherwise as [`Self::request_body`].
    pub fn response_body(&mut self, elapsed_ns: u64, first: Vec<u8>, skipped: u64, last: Vec<u8>) {
        if !first.is_empty() || skipped > 0 || !last.is_empty() {
            self.first_byte_ns.get_or_insert(elapsed_ns);
        }
        self.response.push(first, skipped, last);
    }

    /// A part of a message that a websocket's client sends: as [`Self::request_body`], where a message comes in parts.
    pub fn request_part(&mut self, first: Vec<u8>, skipped: u64, last: Vec<u8>) {
        self.request.push_part(first, skipped, last);
    }

    /// The message whose parts these were is complete.
    pub fn request_message_ends(&mut self) {
        self.request.end_chunk();
    }

    /// A part of a message to a websocket's client, `elapsed_ns` after the start: as [`Self::request_part`].
    pub fn response_part(&mut self, elapsed_ns: u64, first: Vec<u8>, skipped: u64, last: Vec<u8>) {
        self.first_byte_ns.get_or_insert(elapsed_ns);
        self.response.push_part(first, skipped, last);
    }

    /// The message whose parts these were is complete.
    pub fn response_message_ends(&mut self) {
        self.response.end_chunk();
    }

    /// Ends the exchange and encodes its event in at most `max_bytes`: if it is longer, its bodies are reduced to
    /// their sizes. `None` if it does not fit even then.
    #[must_use]
    pub fn finish(mut self, end: &End<'_>, max_bytes: usize) -> Option<Vec<u8>> {
        self.describe_end(end);
        let mut sizes = Sizes::of(&self);
        if sizes.event > max_bytes {
            self.request.drop_content();
            self.response.drop_content();
            sizes = Sizes::of(&self);
        }
        if sizes.event > max_bytes {
            return None;
        }
        let mut out = Vec::with_capacity(sizes.event);
        out.extend_from_slice(&self.capture.common);
        self.write_envelope(&mut out, end.elapsed_ns);
        wire::head(&mut out, tag::EXCHANGE, sizes.exchange);
        out.extend_from_slice(&self.described);
        wire::head(&mut out, tag::REQUEST, sizes.request);
        write_message(&mut out, &self.request);
        wire::head(&mut out, tag::RESPONSE, sizes.response);
        write_message(&mut out, &self.response);
        Some(out)
    }

    fn describe_end(&mut self, end: &End<'_>) {
        let answered = if end.outcome == Outcome::AppError { SERVER_ERROR } else { 0 };
        let status = self.status.unwrap_or(answered);
        let out = &mut self.described;
        wire::number(out, tag::OUTCOME, u64::try_from(i32::from(end.outcome)).unwrap_or(0));
        wire::number(out, tag::STATUS, status.into());
        if let Some(elapsed) = self.first_byte_ns {
            wire::present_number(out, tag::FIRST_BYTE_NS, elapsed);
        }
        wire::text(out, tag::ROUTE, end.route, MAX_NAME);
        if let Some((class, message)) = end.error {
            let mut error = Vec::with_capacity(class.len() + message.len().min(MAX_MESSAGE) + 8);
            wire::text(&mut error, tag::ERROR_TYPE, class, MAX_NAME);
            wire::text(&mut error, tag::ERROR_MESSAGE, message, MAX_MESSAGE);
            wire::head(out, tag::ERROR, error.len());
            out.extend_from_slice(&error);
        }
        if self.websocket {
            let (code, subprotocol) = end.websocket.unwrap_or_default();
            let mut websocket = Vec::new();
            wire::number(&mut websocket, tag::ACCEPTED, (status == SWITCHING_PROTOCOLS).into());
            wire::number(&mut websocket, tag::CLOSE_CODE, code.into());
            wire::text(&mut websocket, tag::SUBPROTOCOL, subprotocol, MAX_NAME);
            wire::head(out, tag::WEBSOCKET, websocket.len());
            out.extend_from_slice(&websocket);
        }
        if let Some(status) = end.grpc_status {
            wire::present_number(out, tag::GRPC_STATUS, status.into());
        }
        if let Some(proxy) = &end.proxy {
            describe_proxy(out, proxy);
        }
    }

    fn write_envelope(&self, out: &mut Vec<u8>, elapsed_ns: u64) {
        let (event_high, event_low) = halves(self.start.event_id);
        let (trace_high, trace_low) =
            halves(self.caller.map_or(self.start.trace_id, |caller| caller.trace_id));
        wire::fixed64(out, tag::ID_HIGH, event_high);
        wire::fixed64(out, tag::ID_LOW, event_low);
        wire::fixed64(out, tag::TRACE_ID_HIGH, trace_high);
        wire::fixed64(out, tag::TRACE_ID_LOW, trace_low);
        wire::fixed64(out, tag::SPAN_ID, self.start.span_id);
        wire::fixed64(out, tag::PARENT_SPAN_ID, self.caller.map_or(0, |caller| caller.parent_id));
        wire::fixed64(out, tag::START_UNIX_NS, self.start.unix_ns);
        wire::number(out, tag::DURATION_NS, elapsed_ns);
    }
}
