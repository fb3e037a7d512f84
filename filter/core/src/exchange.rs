//! One exchange, from its request head to its last byte: the state machine that hosts feed.

mod describe;
mod encode;
mod finish;
mod held;
mod io;
mod tag;

use self::held::Held;
pub use self::io::{End, Finished, Parent, Plan, Proxy, RequestHead, Start, Want};
use crate::{
    arrivals::Noted,
    body::{BodyCapture, Limits},
    budget::Share,
    capture::Capture,
    choice::{self, Choice, RuleIndex},
    conditions::media_type,
    config::Settings,
    identity,
    trace_context::TraceContext,
    wanted::Found,
    wire,
};
use std::rc::Rc;

/// Enough for the metadata of most exchanges, so that they are written into one allocation.
const METADATA: usize = 512;

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
    /// When the chunks of the response that came after the first one did.
    noted: Noted,
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
    /// Begins, with what the request's head tells of which rule it is for.
    pub(crate) fn begin<'a>(
        capture: Rc<Capture>,
        choice: Choice,
        start: Start,
        head: &RequestHead<'_>,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    ) -> Self {
        let mut exchange = Self {
            start,
            caller: None,
            websocket: head.scheme.starts_with(b"ws"),
            method: Vec::new(),
            status: None,
            response_type: Vec::new(),
            first_byte_ns: None,
            noted: Noted::default(),
            kept: None,
            identified: Vec::new(),
            described: Vec::new(),
            held: None,
            share: capture.budget.share(),
            request: BodyCapture::new(Limits::default(), &capture.budget),
            response: BodyCapture::new(Limits::default(), &capture.budget),
            plan: Plan::default(),
            choice,
            capture,
        };
        match exchange.choice {
            Choice::Made(rule) => exchange.begin_under(rule, head, fields),
            Choice::Open(_) => exchange.begin_held(head, fields),
        }
        exchange.account();
        exchange
    }

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
            self.caller = self.caller_by(&found);
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
        self.caller = self.caller_by(&capture.look(fields.clone()));
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
        self.describe_response(held.response_fields(), settings);
    }

    fn describe_request<'a>(
        &mut self,
        head: &RequestHead<'_>,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        settings: &Settings,
    ) {
        self.described.reserve(METADATA);
        let mut found = Found::default();
        describe::request(&mut self.described, head, fields, settings, &mut found);
        self.caller = self.caller_by(&found);
        if !found.content_encoding().is_empty() {
            self.request.comes_encoded();
        }
        if settings.sample.keeps_all() {
            self.kept = Some("always");
        }
        if !settings.identity.is_empty() {
            self.identified = identity::keep(&settings.identity, &found, &settings.mask);
        }
    }

    fn describe_response<'a>(
        &mut self,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        settings: &Settings,
    ) {
        if describe::response(&mut self.described, fields, settings) {
            self.response.comes_encoded();
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

    /// Whose part it is: by what the host knows, or else by the headers.
    fn caller_by(&self, found: &Found<'_>) -> Option<TraceContext> {
        let Start { trace_id, parent, .. } = self.start;
        let known = |Parent { span_id, flags }| TraceContext { trace_id, parent_id: span_id, flags };
        parent.map(known).or_else(|| found.caller())
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
        self.described.capacity() + self.method.capacity() + identified + held + self.noted.size()
    }

    /// The trace that it belongs to, and the flags of that trace.
    #[must_use]
    pub fn trace(&self) -> (u128, u8) {
        let flags = self.caller.map_or(TraceContext::SAMPLED, |caller| caller.flags);
        (self.trace_id(), flags)
    }

    /// The `traceparent` that makes whoever gets the request a child of this exchange.
    #[must_use]
    pub fn traceparent(&self) -> String {
        let (trace_id, flags) = self.trace();
        TraceContext { trace_id, parent_id: self.start.span_id, flags }.to_string()
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
            self.describe_response(fields, choice::settings(&capture.config, rule));
        }
        self.account();
    }

    /// One chunk of the response body, `elapsed_ns` after the start; otherwise as [`Self::request_body`].
    pub fn response_body(&mut self, elapsed_ns: u64, first: Vec<u8>, skipped: u64, last: Vec<u8>) {
        if !first.is_empty() || skipped > 0 || !last.is_empty() {
            self.arrived(elapsed_ns);
        }
        self.response.push(first, skipped, last);
    }

    /// Whether it matters when the next chunk of the response arrives: to ask a clock costs a host a call.
    #[must_use]
    pub fn wants_arrival(&self) -> bool {
        self.first_byte_ns.is_none() || !self.websocket && self.noted.wants(self.response.head_limit())
    }

    /// A chunk of the response has begun to arrive.
    fn arrived(&mut self, elapsed_ns: u64) {
        if !self.wants_arrival() {
            return;
        }
        if self.first_byte_ns.is_none() {
            self.first_byte_ns = Some(elapsed_ns);
        } else if self.noted.note(self.response.size(), elapsed_ns) {
            self.account();
        }
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
