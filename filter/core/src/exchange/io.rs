//! What a host tells of an exchange, and what it is told.

use crate::{body::Limits, event::Outcome};

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
    /// Where the host knows it to belong, whatever a `traceparent` says; the trace is then `trace_id`.
    pub parent: Option<Parent>,
}

/// What an exchange is a part of, in the same trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Id of its span.
    pub span_id: u64,
    /// The flags of its trace, as a `traceparent` has them.
    pub flags: u8,
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
    /// Of both, how many are to be kept: the rest is for whoever looks for secrets. A body that is longer is cut.
    pub kept: u32,
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

/// What a proxy knows; see [`crate::event::Proxy`].
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

impl From<Limits> for Want {
    fn from(kept: Limits) -> Self {
        let Limits { head, tail } = kept.with_margin();
        Self { head, tail, kept: kept.head.saturating_add(kept.tail) }
    }
}
