//! One exchange, from its request head to its last byte: the state machine that hosts feed.

mod choice;
mod describe;
mod encode;
mod finish;
mod held;
mod tag;

use self::{
    choice::{Choice, RuleIndex},
    held::Held,
};
use crate::{
    body::{BodyCapture, Limits},
    budget::{Budget, Share},
    conditions::{Request, media_type},
    config::{Config, Settings},
    event::{self, Event, Outcome},
    identity,
    sample::Minute,
    trace_context::TraceContext,
    wanted::Found,
    wire,
};
use std::{cell::RefCell, rc::Rc};

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Want {
    /// Bytes from the body's start.
    pub head: u32,
    /// Bytes from the body's end, and so from the end of each chunk.
    pub tail: u32,
}

/// What the core wants of an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// Values of what [`Config::scope`] asks for, in its order; empty where there are none.
    pub scope: &'a [&'a [u8]],
}

/// What became of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finished {
    /// Its event, encoded.
    Event(Vec<u8>),
    /// Sampling leaves it out. The event, encoded, says what metrics need of it, and is stored nowhere.
    Unsampled(Vec<u8>),
    /// It is not to be recorded, which only its end told.
    Nothing,
    /// Even its metadata are longer than an event may be.
    TooLong,
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

/// What the rules make of an exchange that is known from its beginning to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Explained<'c> {
    /// The place of the rule that matched, among the rules; `None`: `[capture]` alone.
    pub rule: Option<usize>,
    /// Its name; empty for `[capture]` alone.
    pub name: &'c str,
    /// Whether the rule would have it recorded.
    pub record: bool,
    /// The rate of its sampling, from 0 to 1.
    pub rate: f64,
    /// Whether the caller's decision stands in the rate's place.
    pub follow_parent: bool,
}

/// Configuration made ready, shared by all exchanges of one guest or worker.
#[derive(Debug)]
pub struct Capture {
    config: Config,
    budget: Budget,
    /// The fields that all events of this configuration have in common, encoded once. Protocol Buffers merge
    /// concatenated messages, so an event is these bytes and then its own.
    common: Vec<u8>,
    /// Whether a rule looks at headers of requests.
    looks_at_headers: bool,
    minute: RefCell<Minute>,
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
            rules: config.version().to_owned(),
            ..Event::default()
        };
        Rc::new(Self {
            budget: Budget::new(config.max_memory_or(max_memory) as usize),
            common: common.to_bytes(),
            looks_at_headers: config.rules.iter().any(|rule| rule.conditions.need_headers()),
            minute: RefCell::default(),
            config,
        })
    }

    /// Begins an exchange; `None` if the rules say that it is not to be recorded. `fields`: name and value of each
    /// header, in the order in which they came.
    #[must_use]
    pub fn begin<'a>(
        self: &Rc<Self>,
        start: Start,
        head: &RequestHead<'_>,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    ) -> Option<Exchange> {
        let found = self.looks_at_headers.then(|| self.look(fields.clone()));
        let request = Request::new(head.method, head.path, head.authority, found.as_ref());
        let choice = Choice::of_request(&self.config, &request);
        if !choice.settings(&self.config).any(|settings| settings.record) {
            return None;
        }
        let mut exchange = Exchange {
            start,
            caller: None,
            websocket: head.scheme.starts_with(b"ws"),
            method: Vec::new(),
            status: None,
            response_type: Vec::new(),
            first_byte_ns: None,
            kept: None,
            identified: Vec::new(),
            described: Vec::new(),
            held: None,
            share: self.budget.share(),
            request: BodyCapture::new(Limits::default(), &self.budget),
            response: BodyCapture::new(Limits::default(), &self.budget),
            plan: Plan::default(),
            choice,
            capture: Rc::clone(self),
        };
        match exchange.choice {
            Choice::Made(rule) => exchange.begin_under(rule, head, fields),
            Choice::Open(_) => exchange.begin_held(head, fields),
        }
        exchange.account();
        Some(exchange)
    }

    /// Which rule an exchange is for. `answer`: status and `Content-Type` of the response.
    pub fn explain<'a>(
        &self,
        head: &RequestHead<'_>,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        answer: (u16, &[u8]),
        route: &[u8],
    ) -> Explained<'_> {
        let found = self.look(fields);
        let request = Request::new(head.method, head.path, head.authority, Some(&found));
        let choice = Choice::of_request(&self.config, &request);
        let rule = choice
            .with_response(&self.config, answer.0, &media_type(answer.1))
            .with_route(&self.config, route);
        let settings = choice::settings(&self.config, rule);
        Explained {
            rule,
            name: choice::name(&self.config, rule),
            record: settings.record,
            rate: settings.sample.rate,
            follow_parent: settings.sample.follow_parent,
        }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What a request's headers say that somebody asks for. All filters ask for the same.
    fn look<'a>(&self, fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Found<'a> {
        self.config.base.headers.look(fields)
    }

    /// Counts an exchange; how many there were before it of its rule and route in this minute.
    fn count_this_minute(&self, unix_ns: u64, rule: RuleIndex, route: &[u8]) -> u32 {
        let rule = rule.map_or(0, |index| index.saturating_add(1));
        self.minute.try_borrow_mut().map_or(u32::MAX, |mut minute| minute.count(unix_ns, rule, route))
    }
}

impl From<Limits> for Want {
    fn from(kept: Limits) -> Self {
        let Limits { head, tail } = kept.with_margin();
        Self { head, tail }
    }
}

/// An exchange while it passes.
#[derive(Debug)]
pub struct Exchange {
    capture: Rc<Capture>,
    /// Which rule it is for.
    choice: Choice,
    plan: Plan,
    start: Start,
    caller: Option<TraceContext>,
    websocket: bool,
    /// Kept apart where it may be that nothing else is kept.
    method: Vec<u8>,
    status: Option<u16>,
    /// Media type of the response, where a rule may ask for it.
    response_type: Vec<u8>,
    first_byte_ns: Option<u64>,
    /// Why it is kept, if that is known.
    kept: Option<&'static str>,
    /// What the request's headers say of whose it is.
    identified: identity::Kept,
    /// Fields of the event's `Exchange`, encoded: all but what the bodies will be.
    described: Vec<u8>,
    /// The request as it came, as long as the choice is open.
    held: Option<Box<Held>>,
    /// What they hold of the memory for all exchanges.
    share: Share,
    request: BodyCapture,
    response: BodyCapture,
}

impl Exchange {
    /// Begins under a rule that is certain.
    fn begin_under<'a>(
        &mut self,
        rule: RuleIndex,
        head: &RequestHead<'_>,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    ) {
        let capture = Rc::clone(&self.capture);
        let settings = choice::settings(&capture.config, rule);
        if !settings.sample.keeps_all() {
            let found = capture.look(fields.clone());
            self.caller = found.caller();
            self.kept = settings.sample.early(self.trace_id(), self.caller, &found);
            self.method = head.method.to_vec();
            if self.kept.is_none() && !settings.sample.decides_late() {
                // It will be counted, and nothing else.
                return;
            }
        }
        self.limit(head, settings.limits(self.websocket));
        self.describe_request(head, fields, settings);
    }

    /// Begins before it is known under which of several rules: with the widest limits of them.
    fn begin_held<'a>(
        &mut self,
        head: &RequestHead<'_>,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    ) {
        let capture = Rc::clone(&self.capture);
        let recording = self.choice.settings(&capture.config).filter(|settings| settings.record);
        let limits = recording.map(|settings| settings.limits(self.websocket));
        let widest = limits.reduce(|a, b| (a.0.or_wider(b.0), a.1.or_wider(b.1)));
        self.limit(head, widest.unwrap_or_default());
        self.caller = capture.look(fields.clone()).caller();
        self.held = Some(Box::new(Held::new(head, fields)));
    }

    /// Ends the open choice.
    fn choose(&mut self, rule: RuleIndex) {
        let Some(held) = self.held.take() else { return };
        let capture = Rc::clone(&self.capture);
        let settings = choice::settings(&capture.config, rule);
        let (request, response) = settings.limits(self.websocket);
        self.request.narrow(request);
        self.response.narrow(response);
        self.choice = Choice::Made(rule);
        if !settings.sample.keeps_all() {
            self.kept = settings.sample.early(self.trace_id(), self.caller, &capture.look(held.fields()));
            self.method = held.head().method.to_vec();
        }
        self.describe_request(&held.head(), held.fields(), settings);
        describe::response(&mut self.described, held.response_fields(), settings);
    }

    fn describe_request<'a>(
        &mut self,
        head: &RequestHead<'_>,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        settings: &Settings,
    ) {
        self.described.reserve(METADATA);
        let found = describe::request(&mut self.described, head, fields, settings);
        self.caller = found.caller();
        if settings.sample.keeps_all() {
            self.kept = Some("always");
        }
        if !settings.identity.is_empty() {
            self.identified = identity::keep(&settings.identity, &found);
        }
    }

    fn limit(&mut self, head: &RequestHead<'_>, (request, response): (Limits, Limits)) {
        if head.method == b"CONNECT" {
            // What passes a tunnel is no body (RFC 9110, section 9.3.6): it is counted.
            return;
        }
        self.request = BodyCapture::new(request, &self.capture.budget);
        self.response = BodyCapture::new(response, &self.capture.budget);
        self.plan = Plan { request: request.into(), response: response.into() };
    }

    /// Takes its part of the memory for all exchanges for what it holds beside its bodies.
    fn account(&mut self) {
        let holds = self.described_bytes();
        self.share.hold_in_all(holds);
    }

    fn trace_id(&self) -> u128 {
        self.caller.map_or(self.start.trace_id, |caller| caller.trace_id)
    }

    /// How many bytes of each body to hand over.
    #[must_use]
    pub fn plan(&self) -> Plan {
        self.plan
    }

    /// Bytes that the exchange holds beside its bodies. Of the memory for all exchanges they take their part, however
    /// little is left: to bound them, a host begins no more.
    #[must_use]
    pub fn described_bytes(&self) -> usize {
        let identified = self.identified.iter().flatten().map(Vec::capacity).sum::<usize>();
        let held = self.held.as_ref().map_or(0, |held| held.size());
        self.described.capacity() + self.method.capacity() + identified + held
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
        wire::text(&mut self.described, tag::HTTP_VERSION, http_version, describe::MAX_NAME);
        wire::text(&mut self.described, tag::CLIENT, client, describe::MAX_NAME);
    }

    /// One chunk of the request body: its first bytes, how many the host then left out, and its last bytes; where
    /// nothing lies between the two, all of it is `first`.
    pub fn request_body(&mut self, first: Vec<u8>, skipped: u64, last: Vec<u8>) {
        self.request.push(first, skipped, last);
    }

    /// Status and headers of the response; a second one is none. Interim (1xx) responses are not for here, except 101.
    pub fn response_head<'a>(
        &mut self,
        status: u16,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    ) {
        if self.status.is_some() {
            return;
        }
        self.status = Some(status);
        let capture = Rc::clone(&self.capture);
        if let Choice::Open(_) = self.choice {
            self.response_type = media_type(capture.look(fields.clone()).content_type());
            let open = std::mem::replace(&mut self.choice, Choice::Made(None));
            self.choice = open.with_response(&capture.config, status, &self.response_type);
            match self.choice {
                Choice::Made(rule) => self.choose(rule),
                Choice::Open(_) => {
                    if let Some(held) = &mut self.held {
                        held.hold_response(fields.clone());
                    }
                }
            }
        }
        if let Choice::Made(rule) = self.choice
            && !self.described.is_empty()
        {
            describe::response(&mut self.described, fields, choice::settings(&capture.config, rule));
        }
        self.account();
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
}

impl Settings {
    /// What is kept of the two bodies.
    fn limits(&self, is_websocket: bool) -> (Limits, Limits) {
        if is_websocket { (self.websocket, self.websocket) } else { (self.request_body, self.response_body) }
    }
}
