//! The event: what offpath keeps of one exchange, as it crosses the ring and rests in the spool.
//!
//! ```text
//! Event    = one Protocol Buffers message (proto3), encoded by `prost`; no envelope, no length prefix
//!   1  schema          varint    the producer's SCHEMA; see "Versions"
//!   2  id_high         fixed64   the event's id: 16 bytes as two big-endian halves, time-ordered (UUIDv7 layout)
//!   3  id_low          fixed64
//!   4  trace_id_high   fixed64   W3C trace-id, 16 bytes as two big-endian halves
//!   5  trace_id_low    fixed64
//!   6  span_id         fixed64   W3C parent-id of what this event describes
//!   7  parent_span_id  fixed64   0: a root
//!   8  start_unix_ns   fixed64   nanoseconds since 1970-01-01T00:00:00Z
//!   9  duration_ns     varint    monotonic, start to last byte
//!  10  service         string
//!  11  environment     string
//!  12  release         string
//!  13  source          string    "asgi", "envoy", "httpx", "aiohttp", "sdk", "otel"
//!  16  exchange        Exchange  ┐
//!  17  loss            Loss      │ one of these says what kind of event it is
//!  23  unsampled       Unsampled │
//!  25  span            Span      │
//!  26  score           Score     ┘
//!  18  user_id         string    ┐
//!  19  session_id      string    │ whose it is; from headers and the host by the core, from JSON by the exporter
//!  20  tags            string *  ┘
//!  21  rules           string    version of the rules that it was recorded under, 16 hexadecimal digits
//!  22  treatment       bytes     a Treatment: what the exporter still has to do; gone once it is done
//!  24  told            varint    a bit for each Identity that no field of JSON may replace; gone with the treatment
//! ```
//!
//! `filter/core/proto/event.proto` is the same layout for other languages; a test holds the two together.
//!
//! # Versions
//!
//! Protocol Buffers carry most of the burden: a reader skips fields it does not know, and reads fields that are
//! missing as zero or empty, so an exporter reads events of older and newer producers alike. Tags are never reused.
//! An event of a kind that the reader does not know decodes with `kind` = `None`; whoever reads it keeps its bytes, unless
//! it has a treatment, which then nobody can carry out.
//! [`SCHEMA`] grows only when the meaning of an existing field changes, which this layout is made to avoid.

mod arrivals;
mod span;

pub use self::arrivals::{Arrivals, MOST_ARRIVALS};
pub use self::span::{Cost, Ending, Generation, Level, OtelSpan, SPAN_TYPES, Score, Span, Tokens};

/// The version of the layout above that this build writes.
pub const SCHEMA: u32 = 1;

/// One thing that happened: an exchange, a span or a score of the app, or a loss of events.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Event {
    /// [`SCHEMA`] of the producer.
    #[prost(uint32, tag = "1")]
    pub schema: u32,
    /// First half of the event's id.
    #[prost(fixed64, tag = "2")]
    pub id_high: u64,
    /// Second half of the event's id.
    #[prost(fixed64, tag = "3")]
    pub id_low: u64,
    /// First half of the W3C trace-id.
    #[prost(fixed64, tag = "4")]
    pub trace_id_high: u64,
    /// Second half of the W3C trace-id.
    #[prost(fixed64, tag = "5")]
    pub trace_id_low: u64,
    /// This span.
    #[prost(fixed64, tag = "6")]
    pub span_id: u64,
    /// The caller's span; 0 for a root.
    #[prost(fixed64, tag = "7")]
    pub parent_span_id: u64,
    /// Nanoseconds since the Unix epoch.
    #[prost(fixed64, tag = "8")]
    pub start_unix_ns: u64,
    /// Nanoseconds from start to the last byte, by a monotonic clock.
    #[prost(uint64, tag = "9")]
    pub duration_ns: u64,
    /// `[service] name`.
    #[prost(string, tag = "10")]
    pub service: String,
    /// `[service] environment`.
    #[prost(string, tag = "11")]
    pub environment: String,
    /// `[service] release`.
    #[prost(string, tag = "12")]
    pub release: String,
    /// Which host saw it: `asgi`, `envoy`, `httpx`, `aiohttp`, `sdk` or `otel`.
    #[prost(string, tag = "13")]
    pub source: String,
    /// What happened. `None`: a kind that this build does not know.
    #[prost(oneof = "Kind", tags = "16, 17, 23, 25, 26")]
    pub kind: Option<Kind>,
    /// Who the user is; empty if no rule says where to look.
    #[prost(string, tag = "18")]
    pub user_id: String,
    /// What belongs together, such as a conversation.
    #[prost(string, tag = "19")]
    pub session_id: String,
    /// What to find it by.
    #[prost(string, repeated, tag = "20")]
    pub tags: Vec<String>,
    /// Version of the rules that it was recorded under; see [`crate::Config::version`].
    #[prost(string, tag = "21")]
    pub rules: String,
    /// An encoded [`crate::treatment::Treatment`]: what the exporter has to do before the event may touch a disk. It is
    /// taken out then. Bytes, so that what is the same for thousands of events is read once.
    #[prost(bytes = "vec", tag = "22")]
    pub treatment: Vec<u8>,
    /// Of whose it is, what was told by a source that stands before all fields of JSON: a bit for each
    /// [`crate::treatment::Identity`], by its number. It is taken out with the treatment.
    #[prost(uint32, tag = "24")]
    pub told: u32,
}

/// What an event describes.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every event is an exchange; a box would cost each an allocation"
)]
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Kind {
    /// A request and its response, or a websocket session.
    #[prost(message, tag = "16")]
    Exchange(Exchange),
    /// Events that were lost, counted where they were lost.
    #[prost(message, tag = "17")]
    Loss(Loss),
    /// A request that sampling left out.
    #[prost(message, tag = "23")]
    Unsampled(Unsampled),
    /// Something that the app did, as it tells it itself.
    #[prost(message, tag = "25")]
    Span(Span),
    /// A judgement of a trace or of a span.
    #[prost(message, tag = "26")]
    Score(Score),
}

/// What metrics need of an exchange that sampling left out: it is counted, and not stored.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Unsampled {
    /// How it ended.
    #[prost(enumeration = "Outcome", tag = "1")]
    pub outcome: i32,
    /// As in [`Exchange`].
    #[prost(uint64, optional, tag = "2")]
    pub first_byte_ns: Option<u64>,
    /// Request method.
    #[prost(string, tag = "3")]
    pub method: String,
    /// Route template.
    #[prost(string, tag = "8")]
    pub route: String,
    /// Response status; 0 if there was none.
    #[prost(uint32, tag = "10")]
    pub status: u32,
    /// Name of the rule that matched.
    #[prost(string, tag = "15")]
    pub rule: String,
}

/// A request and its response, or a websocket session.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Exchange {
    /// How it ended.
    #[prost(enumeration = "Outcome", tag = "1")]
    pub outcome: i32,
    /// Nanoseconds from start to the first byte of the response body, or to its head if it had no body.
    #[prost(uint64, optional, tag = "2")]
    pub first_byte_ns: Option<u64>,
    /// Request method; for a websocket `GET`.
    #[prost(string, tag = "3")]
    pub method: String,
    /// `http`, `https`, `ws` or `wss`.
    #[prost(string, tag = "4")]
    pub scheme: String,
    /// The `Host` header or `:authority`.
    #[prost(string, tag = "5")]
    pub host: String,
    /// Path as sent, percent-encoded, without the query.
    #[prost(string, tag = "6")]
    pub path: String,
    /// Query as sent, without `?`, with the values of secret parameters replaced.
    #[prost(string, tag = "7")]
    pub query: String,
    /// Route template, such as `/users/{id}`; empty where the host knows none.
    #[prost(string, tag = "8")]
    pub route: String,
    /// Address of the peer, without its port.
    #[prost(string, tag = "9")]
    pub client: String,
    /// Response status; 0 if there was none.
    #[prost(uint32, tag = "10")]
    pub status: u32,
    /// `1.0`, `1.1`, `2` or `3`.
    #[prost(string, tag = "11")]
    pub http_version: String,
    /// What the client sent.
    #[prost(message, optional, tag = "12")]
    pub request: Option<Message>,
    /// What the client got.
    #[prost(message, optional, tag = "13")]
    pub response: Option<Message>,
    /// What went wrong in the app.
    #[prost(message, optional, tag = "14")]
    pub error: Option<Error>,
    /// Name of the rule that matched; empty for `[capture]` alone.
    #[prost(string, tag = "15")]
    pub rule: String,
    /// Why it was kept: `always`, `rate`, `error`, …
    #[prost(string, tag = "16")]
    pub sampled_because: String,
    /// Set for a websocket session.
    #[prost(message, optional, tag = "17")]
    pub websocket: Option<WebSocket>,
    /// What a proxy knows of how it passed the exchange on.
    #[prost(message, optional, tag = "18")]
    pub proxy: Option<Proxy>,
    /// Status of a gRPC call, from its trailers or, if there were none, its headers.
    #[prost(uint32, optional, tag = "19")]
    pub grpc_status: Option<u32>,
    /// What a model did in it. No producer says it: the exporter reads it from the bodies.
    #[prost(message, optional, tag = "20")]
    pub generation: Option<Generation>,
    /// What the app calls the trace, where it tells it in the course of the exchange.
    #[prost(string, tag = "21")]
    pub trace_name: String,
}

/// One direction of an exchange.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Message {
    /// The headers that the allow list names, in the order in which they came.
    #[prost(message, repeated, tag = "1")]
    pub headers: Vec<Header>,
    /// The body.
    #[prost(message, optional, tag = "2")]
    pub body: Option<Body>,
    /// Body chunks, or websocket messages, that carried at least one byte.
    #[prost(uint64, tag = "3")]
    pub chunks: u64,
    /// The `Content-Type`, where it is not among the headers: what a body is decides what is done with it.
    #[prost(string, tag = "4")]
    pub content_type: String,
    /// The `Content-Encoding`, likewise.
    #[prost(string, tag = "5")]
    pub content_encoding: String,
    /// When chunks of a response arrived: pairs of a place and a time, as [`Message::arrived`] reads them. Of a websocket's
    /// messages it is not noted.
    #[prost(uint64, repeated, tag = "6")]
    pub arrivals: Vec<u64>,
}

/// A header field. A value that is not UTF-8 is read as ISO 8859-1 (RFC 9110, section 5.5).
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Header {
    /// Lower case.
    #[prost(string, tag = "1")]
    pub name: String,
    /// As sent, or `[redacted]`.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// What was kept of a body: its first and its last bytes. What lies between was left out.
///
/// As a host hands it over, it may hold more than is to be kept: a secret that a limit cuts in half is only known as one
/// by what lies beyond. Then `head_limit` and `tail_limit` say where to cut. Whoever treats it cuts, clears both, and
/// says in `treated` what was done.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Body {
    /// Bytes that passed, kept or not.
    #[prost(uint64, tag = "1")]
    pub size: u64,
    /// The first bytes.
    #[prost(bytes = "vec", tag = "2")]
    pub head: Vec<u8>,
    /// The last bytes, where they are not part of `head`.
    #[prost(bytes = "vec", tag = "3")]
    pub tail: Vec<u8>,
    /// How many of the body's first bytes are to be kept, where more are here.
    #[prost(uint32, optional, tag = "4")]
    pub head_limit: Option<u32>,
    /// How many of the body's last bytes are to be kept, where more are here.
    #[prost(uint32, optional, tag = "5")]
    pub tail_limit: Option<u32>,
    /// What was done to it. `None`: it is as it came.
    #[prost(message, optional, tag = "6")]
    pub treated: Option<Treated>,
}

/// What was done to a body before it was stored.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Treated {
    /// Of the body's bytes as they passed, how many `head` and `tail` stand for: masks and marks are not what they cover.
    #[prost(uint64, tag = "1")]
    pub kept: u64,
    /// Values that were masked.
    #[prost(uint64, tag = "2")]
    pub masked: u64,
    /// Strings, items and levels that were cut by the limits for JSON, or images and audio that were summed up.
    #[prost(uint64, tag = "3")]
    pub cut: u64,
    /// Whether `head` is JSON to its end, cut or not, and `tail` empty.
    #[prost(bool, tag = "4")]
    pub json: bool,
    /// Of content that is only summed up, its type, such as `image/png`.
    #[prost(string, tag = "5")]
    pub content_type: String,
    /// Of content that is only summed up and was there as a whole, its digest: `sha256:` and 64 hexadecimal digits.
    #[prost(string, tag = "6")]
    pub digest: String,
    /// The `Content-Encoding` that was undone, and then `utf-16` or `eventstream`.
    #[prost(string, tag = "7")]
    pub decoded: String,
    /// Why nothing of it is kept although the rules would have it: it could not be looked into.
    #[prost(string, tag = "8")]
    pub withheld: String,
}

impl Body {
    /// Bytes kept, of those that passed.
    #[must_use]
    pub fn kept(&self) -> u64 {
        let held = (self.head.len() as u64).saturating_add(self.tail.len() as u64);
        self.treated.as_ref().map_or(held, |treated| treated.kept)
    }

    /// Bytes between head and tail that were left out.
    #[must_use]
    pub fn omitted(&self) -> u64 {
        self.size.saturating_sub(self.kept())
    }
}

/// What went wrong in the app.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Error {
    /// The exception's class, such as `ValueError`.
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// Its message.
    #[prost(string, tag = "2")]
    pub message: String,
}

/// What is particular to a websocket session.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct WebSocket {
    /// Whether the app accepted the handshake.
    #[prost(bool, tag = "1")]
    pub accepted: bool,
    /// Close code of RFC 6455, section 7.4; 0 if none was seen.
    #[prost(uint32, tag = "2")]
    pub close_code: u32,
    /// The subprotocol that was agreed on.
    #[prost(string, tag = "3")]
    pub subprotocol: String,
}

/// What a proxy knows of how it passed an exchange on.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Proxy {
    /// The cluster that its route names.
    #[prost(string, tag = "1")]
    pub upstream_cluster: String,
    /// Address and port of the host that answered, or was tried last; empty if none was.
    #[prost(string, tag = "2")]
    pub upstream_host: String,
    /// How many times the request was sent upstream: 1, and one for each retry. 0 if it was not.
    #[prost(uint32, tag = "3")]
    pub attempts: u32,
    /// What was out of the ordinary, in the short names of Envoy's access log such as `UF` and `URX`.
    /// <https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/observability/access_log/usage#response-flags>
    #[prost(string, repeated, tag = "4")]
    pub response_flags: Vec<String>,
    /// Where the response came from: `via_upstream`, or why the proxy made it itself.
    /// <https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/http/http_conn_man/response_code_details>
    #[prost(string, tag = "5")]
    pub response_code_details: String,
}

/// Events that were lost.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Loss {
    /// Why: `ring_full`, `too_big`, `trap`, …
    #[prost(string, tag = "1")]
    pub reason: String,
    /// How many events.
    #[prost(uint64, tag = "2")]
    pub count: u64,
    /// Which producer lost them: the ring's id, or Envoy's worker.
    #[prost(string, tag = "3")]
    pub producer: String,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Outcome {
    /// A producer newer than this build said something else.
    Unspecified = 0,
    /// The response was sent to its last byte.
    Completed = 1,
    /// The client went away first.
    ClientDisconnected = 2,
    /// The app raised, or ended without a complete response.
    AppError = 3,
    /// The upstream failed (Envoy).
    UpstreamError = 4,
    /// The exchange was cut off: a reset stream, a cancelled task.
    Reset = 5,
}

impl Outcome {
    /// The name that the event's JSON uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Completed => "completed",
            Self::ClientDisconnected => "client_disconnected",
            Self::AppError => "app_error",
            Self::UpstreamError => "upstream_error",
            Self::Reset => "reset",
        }
    }
}

impl Event {
    /// The event's id.
    #[must_use]
    pub fn id(&self) -> u128 {
        join(self.id_high, self.id_low)
    }

    /// The W3C trace-id.
    #[must_use]
    pub fn trace_id(&self) -> u128 {
        join(self.trace_id_high, self.trace_id_low)
    }

    /// Reads an event from the bytes that [`Event::encode_to_vec`] or any other writer of the layout made.
    ///
    /// # Errors
    ///
    /// The bytes are not a message of this layout: cut short, or a known field of another wire type.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, prost::DecodeError> {
        prost::Message::decode(bytes)
    }

    /// The event as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        prost::Message::encode_to_vec(self)
    }
}

fn join(high: u64, low: u64) -> u128 {
    (u128::from(high) << 64) | u128::from(low)
}
