//! One HTTP stream, as Envoy shows it to the filter, made into the calls of [`offpath_core::Exchange`].
//!
//! A stream ends in `on_log`, the only callback that every stream gets: disconnects, resets and Envoy's own replies come
//! there too. It is also the only one that a stream gets which an earlier filter has answered before it came to ours;
//! its heads are then read there.

mod attributes;
mod ending;
mod head;
mod websocket;

pub(crate) use self::attributes::Query;
use self::{
    attributes::Answer,
    head::{RequestParts, fields},
    websocket::{Found, Frames, unmask},
};
use crate::{
    abi::{Buffer, Map, Pairs, host},
    plugin::Settings,
    random::Pool,
};
use offpath_core::{Exchange, Finished, Start, Want};

/// Status of a request whose connection becomes something else.
const SWITCHING_PROTOCOLS: u16 = 101;

/// One stream.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Its plugin.
    pub(crate) root: u32,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// Its request head was not seen.
    New,
    /// It is not recorded.
    Ignored,
    Recording(Box<Recording>),
}

/// Whether a stream is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    Recorded,
    /// The rules say no.
    NotWanted,
    /// There is no memory, or no randomness, for it.
    Impossible,
}

/// What passes of a stream.
#[derive(Debug)]
struct Recording {
    exchange: Exchange,
    /// By the monotonic clock.
    start_ns: u64,
    request: Direction,
    response: Direction,
    status: Option<u16>,
    is_grpc: bool,
    /// Subprotocol of a websocket.
    subprotocol: Vec<u8>,
    content: Content,
    /// The last byte of the response was seen.
    complete: bool,
}

/// One direction's body.
#[derive(Debug)]
struct Direction {
    want: Want,
    passed: u64,
    frames: Frames,
}

/// What the bodies are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Body,
    /// Frames of RFC 6455.
    WebSocket,
    /// Whatever was agreed on: bytes to be counted.
    Opaque,
}

impl Stream {
    pub(crate) fn new(root: u32) -> Self {
        Self { root, phase: Phase::New }
    }

    /// Bytes that it holds beside its bodies.
    pub(crate) fn described_bytes(&self) -> usize {
        match &self.phase {
            Phase::Recording(recording) => recording.exchange.described_bytes(),
            _ => 0,
        }
    }

    /// Begins, with the request's head. `has_memory`: whether there is room for another exchange.
    pub(crate) fn begin(&mut self, settings: &Settings, random: &mut Pool, has_memory: bool) -> Begun {
        self.phase = Phase::Ignored;
        let Some(random) = random.next() else { return Begun::Impossible };
        let pairs = host::pairs(Map::Request).unwrap_or_default();
        let parts = RequestParts::read(&pairs);
        let start = Start::new(host::unix_ns(), &random);
        let Some(exchange) = settings.capture.begin(start, &parts.head(), fields(&pairs)) else {
            return Begun::NotWanted;
        };
        // Only now: what the rules leave out is not lost.
        if !has_memory {
            return Begun::Impossible;
        }
        let plan = exchange.plan();
        self.phase = Phase::Recording(Box::new(Recording {
            exchange,
            start_ns: host::monotonic_ns(),
            request: Direction::new(plan.request),
            response: Direction::new(plan.response),
            status: None,
            is_grpc: false,
            subprotocol: Vec::new(),
            content: parts.content(),
            complete: false,
        }));
        Begun::Recorded
    }

    /// The `traceparent` for whoever gets the request.
    pub(crate) fn traceparent(&self) -> Option<String> {
        match &self.phase {
            Phase::Recording(recording) => Some(recording.exchange.traceparent()),
            _ => None,
        }
    }

    pub(crate) fn request_body(&mut self, size: usize) {
        if let Phase::Recording(recording) = &mut self.phase {
            recording.request_body(size);
        }
    }

    /// `has_memory`: whether there is room for the response's headers.
    pub(crate) fn response_head(&mut self, is_last: bool, has_memory: bool) {
        if let Phase::Recording(recording) = &mut self.phase {
            recording.response_head(&host::pairs(Map::Response).unwrap_or_default(), has_memory);
            recording.complete |= is_last;
        }
    }

    pub(crate) fn response_body(&mut self, size: usize, is_last: bool) {
        if let Phase::Recording(recording) = &mut self.phase {
            recording.response_body(size);
            recording.complete |= is_last;
        }
    }

    pub(crate) fn response_trailers(&mut self) {
        if let Phase::Recording(recording) = &mut self.phase {
            recording.complete = true;
        }
    }

    /// Whether nothing but `on_log` was called for it.
    pub(crate) fn is_new(&self) -> bool {
        matches!(self.phase, Phase::New)
    }

    /// What Envoy knows in the end of a response that never passed this filter: its head, and its body's size. Nothing if
    /// there was none.
    pub(crate) fn describe_unseen_response(&mut self) {
        let Phase::Recording(recording) = &mut self.phase else { return };
        let pairs = host::pairs(Map::Response).unwrap_or_default();
        if pairs.get(b":status").is_some() {
            recording.response_head(&pairs, true);
            let size = host::number("response\0size").unwrap_or(0);
            recording.exchange.response_body(recording.elapsed_ns(), Vec::new(), size, Vec::new());
            recording.complete = true;
        }
    }

    /// What Envoy knows of it in the end; nothing is asked of a stream that is not recorded.
    pub(crate) fn ask(&self, query: &mut Query) -> Option<Answer> {
        matches!(self.phase, Phase::Recording(_)).then(|| query.ask())
    }

    /// Ends it.
    pub(crate) fn finish(self, answer: Option<&Answer>, longest_event: usize) -> Finished {
        match (self.phase, answer) {
            (Phase::Recording(recording), Some(answer)) => {
                recording.finish(&answer.attributes(), longest_event)
            }
            _ => Finished::Nothing,
        }
    }
}

impl Recording {
    fn elapsed_ns(&self) -> u64 {
        host::monotonic_ns().saturating_sub(self.start_ns)
    }

    fn request_body(&mut self, size: usize) {
        let Self { exchange, request, .. } = self;
        match self.content {
            Content::WebSocket => request.messages(Buffer::RequestBody, size, |part| match part {
                Some((first, skipped, last)) => exchange.request_part(first, skipped, last),
                None => exchange.request_message_ends(),
            }),
            Content::Opaque => exchange.request_body(Vec::new(), size as u64, Vec::new()),
            Content::Body => {
                let (first, skipped, last) = request.chunk(Buffer::RequestBody, 0, size);
                exchange.request_body(first, skipped, last);
            }
        }
    }

    fn response_head(&mut self, pairs: &Pairs, has_memory: bool) {
        if self.status.is_some() {
            return;
        }
        let status = pairs.status().unwrap_or(0);
        self.status = Some(status);
        self.is_grpc = pairs.get(b"content-type").is_some_and(|kind| kind.starts_with(b"application/grpc"));
        match (status, self.content) {
            (SWITCHING_PROTOCOLS, Content::WebSocket) => {
                self.subprotocol = pairs.get(b"sec-websocket-protocol").unwrap_or_default().to_vec();
            }
            (SWITCHING_PROTOCOLS, _) => self.content = Content::Opaque,
            // A handshake that was refused: what follows is no frame.
            (_, Content::WebSocket) => self.content = Content::Body,
            _ => {}
        }
        self.exchange.response_head(status, fields(pairs).take_while(|_| has_memory));
    }

    fn response_body(&mut self, size: usize) {
        if size == 0 {
            return;
        }
        let elapsed_ns = if self.exchange.wants_arrival() { self.elapsed_ns() } else { 0 };
        let Self { exchange, response, .. } = self;
        match self.content {
            Content::WebSocket => response.messages(Buffer::ResponseBody, size, |part| match part {
                Some((first, skipped, last)) => exchange.response_part(elapsed_ns, first, skipped, last),
                None => exchange.response_message_ends(),
            }),
            Content::Opaque => {
                response.passed = response.passed.saturating_add(size as u64);
                exchange.response_body(elapsed_ns, Vec::new(), size as u64, Vec::new());
            }
            Content::Body => {
                let (first, skipped, last) = response.chunk(Buffer::ResponseBody, 0, size);
                exchange.response_body(elapsed_ns, first, skipped, last);
            }
        }
    }
}

/// Of some bytes the first, how many were left out, and the last.
type Part = (Vec<u8>, u64, Vec<u8>);

impl Direction {
    fn new(want: Want) -> Self {
        Self { want, passed: 0, frames: Frames::default() }
    }

    /// Reads of a chunk's bytes, so many from `start` on, what is wanted.
    fn chunk(&mut self, buffer: Buffer, start: usize, size: usize) -> Part {
        let room = u64::from(self.want.head).saturating_sub(self.passed);
        self.passed = self.passed.saturating_add(size as u64);
        let head = size.min(usize::try_from(room).unwrap_or(usize::MAX));
        let rest = size.saturating_sub(head);
        let tail = rest.min(self.want.tail as usize);
        let skipped = rest.saturating_sub(tail);
        let parts = if skipped == 0 {
            host::buffer(buffer, start, size).map(|all| (all, Vec::new()))
        } else {
            let last = start.saturating_add(size.saturating_sub(tail));
            host::buffer(buffer, start, head).and_then(|first| Ok((first, host::buffer(buffer, last, tail)?)))
        };
        match parts {
            Ok((first, last)) => (first, skipped as u64, last),
            // What cannot be read has passed all the same.
            Err(_) => (Vec::new(), size as u64, Vec::new()),
        }
    }

    /// Reads the websocket messages in a chunk; `take` gets their parts, and `None` where one ends.
    fn messages(&mut self, buffer: Buffer, size: usize, mut take: impl FnMut(Option<Part>)) {
        let mut frames = std::mem::take(&mut self.frames);
        frames.read(buffer, size, |found| match found {
            Found::Payload { start, length, mask } => {
                let (mut first, skipped, mut last) = self.chunk(buffer, start, length);
                unmask(&mut first, mask, 0);
                let before_last = length.saturating_sub(last.len());
                unmask(&mut last, mask, before_last);
                take(Some((first, skipped, last)));
            }
            Found::Message => take(None),
        });
        self.frames = frames;
    }
}
