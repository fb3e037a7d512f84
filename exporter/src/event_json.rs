//! The event as JSON: what `jsonl`, `stdout`, the store and `tail` show, one object per event.
//!
//! `exporter/schema/event.schema.json` is its published form. Keys may be added, not renamed. A key is always
//! there; what is not known of it is `null`, or empty where it is a list or a body.

mod body;
mod llm;
mod otel;
mod read;
mod span;

use std::{
    fmt,
    time::{Duration, UNIX_EPOCH},
};

use offpath_core::event::{Error, Event, Exchange, Header, Kind, Loss, Message, Outcome, Proxy, WebSocket};
use serde::{Serialize, Serializer, ser::SerializeSeq as _};

pub(crate) use self::body::{text, without_cut_end, without_cut_start};
pub use self::read::read;
use self::{
    body::BodyJson,
    llm::LlmJson,
    span::{ScoreJson, SpanJson},
};

/// The version that `schema` in the JSON says.
pub const SCHEMA: u32 = 1;

/// Appends the event's JSON to `out`: one line, without the line's end.
pub fn write(event: &Event, out: &mut Vec<u8>) {
    // Writing to memory does not fail, and the structures below have only string keys.
    let written = match &event.kind {
        Some(Kind::Exchange(exchange)) => serde_json::to_writer(out, &ExchangeJson::new(event, exchange)),
        Some(Kind::Loss(loss)) => serde_json::to_writer(out, &LossJson::new(event, loss)),
        Some(Kind::Span(span)) => serde_json::to_writer(out, &SpanJson::new(event, span)),
        Some(Kind::Score(score)) => serde_json::to_writer(out, &ScoreJson::new(event, score)),
        // One that was not sampled is counted where it comes in, and stored nowhere.
        Some(Kind::Unsampled(_)) | None => serde_json::to_writer(out, &Common::new(event)),
    };
    debug_assert!(written.is_ok(), "an event always has its JSON");
}

/// [`write()`] into a string of its own.
#[must_use]
pub fn to_string(event: &Event) -> String {
    let mut out = Vec::new();
    write(event, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// What `kind` in the JSON says.
#[must_use]
pub fn kind(event: &Event) -> &'static str {
    match &event.kind {
        Some(Kind::Exchange(_)) => "exchange",
        Some(Kind::Loss(_)) => "loss",
        Some(Kind::Span(span)) => span.type_name(),
        Some(Kind::Score(_)) => "score",
        Some(Kind::Unsampled(_)) | None => "unknown",
    }
}

/// An id in the JSON's notation: 32 hexadecimal digits.
#[must_use]
pub fn id(id: u128) -> String {
    Hex128(id).to_string()
}

/// What all kinds of event have.
#[derive(Serialize)]
struct Common<'a> {
    schema: u32,
    kind: &'static str,
    #[serde(serialize_with = "as_text")]
    id: Hex128,
    #[serde(serialize_with = "as_text")]
    trace_id: Hex128,
    #[serde(serialize_with = "as_text")]
    span_id: Hex64,
    #[serde(serialize_with = "as_optional_text")]
    parent_span_id: Option<Hex64>,
    service: &'a str,
    environment: &'a str,
    release: Option<&'a str>,
    source: Option<&'a str>,
    #[serde(serialize_with = "as_time")]
    start_time: u64,
    duration_ns: u64,
}

impl<'a> Common<'a> {
    fn new(event: &'a Event) -> Self {
        Self {
            schema: SCHEMA,
            kind: kind(event),
            id: Hex128(event.id()),
            trace_id: Hex128(event.trace_id()),
            span_id: Hex64(event.span_id),
            parent_span_id: (event.parent_span_id != 0).then_some(Hex64(event.parent_span_id)),
            service: &event.service,
            environment: &event.environment,
            release: known(&event.release),
            source: known(&event.source),
            start_time: event.start_unix_ns,
            duration_ns: event.duration_ns,
        }
    }
}

#[derive(Serialize)]
struct ExchangeJson<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    rule: Option<&'a str>,
    rules: Option<&'a str>,
    sampled_because: Option<&'a str>,
    first_byte_ns: Option<u64>,
    outcome: &'static str,
    method: &'a str,
    scheme: &'a str,
    host: &'a str,
    path: &'a str,
    query: &'a str,
    route: Option<&'a str>,
    trace_name: Option<&'a str>,
    client: Option<&'a str>,
    http_version: Option<&'a str>,
    status: Option<u32>,
    grpc_status: Option<u32>,
    request: Option<MessageJson<'a>>,
    response: Option<MessageJson<'a>>,
    websocket: Option<WebSocketJson<'a>>,
    proxy: Option<ProxyJson<'a>>,
    error: Option<ErrorJson<'a>>,
    user_id: Option<&'a str>,
    session_id: Option<&'a str>,
    tags: &'a [String],
    metadata: Empty,
    llm: Option<LlmJson<'a>>,
}

impl<'a> ExchangeJson<'a> {
    fn new(event: &'a Event, exchange: &'a Exchange) -> Self {
        Self {
            common: Common::new(event),
            rule: known(&exchange.rule),
            rules: known(&event.rules),
            sampled_because: known(&exchange.sampled_because),
            first_byte_ns: exchange.first_byte_ns,
            outcome: outcome(exchange),
            method: &exchange.method,
            scheme: &exchange.scheme,
            host: &exchange.host,
            path: &exchange.path,
            query: &exchange.query,
            route: known(&exchange.route),
            trace_name: known(&exchange.trace_name),
            client: known(&exchange.client),
            http_version: known(&exchange.http_version),
            status: (exchange.status != 0).then_some(exchange.status),
            grpc_status: exchange.grpc_status,
            request: exchange.request.as_ref().map(MessageJson::new),
            response: exchange.response.as_ref().map(MessageJson::new),
            websocket: exchange.websocket.as_ref().map(WebSocketJson::new),
            proxy: exchange.proxy.as_ref().map(ProxyJson::new),
            error: exchange.error.as_ref().map(ErrorJson::new),
            user_id: known(&event.user_id),
            session_id: known(&event.session_id),
            tags: &event.tags,
            metadata: Empty {},
            llm: exchange.generation.as_ref().map(|generation| LlmJson::new(generation, event.duration_ns)),
        }
    }
}

/// The outcome's name; that of a newer producer's is `unspecified`.
#[must_use]
pub fn outcome(exchange: &Exchange) -> &'static str {
    Outcome::try_from(exchange.outcome).unwrap_or(Outcome::Unspecified).name()
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct MessageJson<'a> {
    #[serde(serialize_with = "as_pairs")]
    headers: &'a [Header],
    chunks: u64,
    body: BodyJson<'a>,
}

impl<'a> MessageJson<'a> {
    fn new(message: &'a Message) -> Self {
        Self { headers: &message.headers, chunks: message.chunks, body: BodyJson::new(message.body.as_ref()) }
    }
}

#[derive(Serialize)]
struct WebSocketJson<'a> {
    accepted: bool,
    close_code: Option<u32>,
    subprotocol: Option<&'a str>,
}

impl<'a> WebSocketJson<'a> {
    fn new(websocket: &'a WebSocket) -> Self {
        Self {
            accepted: websocket.accepted,
            close_code: (websocket.close_code != 0).then_some(websocket.close_code),
            subprotocol: known(&websocket.subprotocol),
        }
    }
}

#[derive(Serialize)]
struct ProxyJson<'a> {
    upstream_cluster: Option<&'a str>,
    upstream_host: Option<&'a str>,
    attempts: u32,
    response_flags: &'a [String],
    response_code_details: Option<&'a str>,
}

impl<'a> ProxyJson<'a> {
    fn new(proxy: &'a Proxy) -> Self {
        Self {
            upstream_cluster: known(&proxy.upstream_cluster),
            upstream_host: known(&proxy.upstream_host),
            attempts: proxy.attempts,
            response_flags: &proxy.response_flags,
            response_code_details: known(&proxy.response_code_details),
        }
    }
}

#[derive(Serialize)]
struct ErrorJson<'a> {
    r#type: &'a str,
    message: &'a str,
}

impl<'a> ErrorJson<'a> {
    fn new(error: &'a Error) -> Self {
        Self { r#type: &error.r#type, message: &error.message }
    }
}

#[derive(Serialize)]
struct LossJson<'a> {
    #[serde(flatten)]
    common: Common<'a>,
    reason: &'a str,
    count: u64,
    producer: Option<&'a str>,
}

impl<'a> LossJson<'a> {
    fn new(event: &'a Event, loss: &'a Loss) -> Self {
        Self {
            common: Common::new(event),
            reason: &loss.reason,
            count: loss.count,
            producer: known(&loss.producer),
        }
    }
}

/// In the event's layout an empty string is one that is not known.
fn known(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

struct Hex128(u128);

impl fmt::Display for Hex128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

struct Hex64(u64);

impl fmt::Display for Hex64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

fn as_text<S: Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn as_optional_text<S: Serializer>(
    value: &Option<impl fmt::Display>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

fn as_time<S: Serializer>(unix_ns: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&time(*unix_ns))
}

/// A time of RFC 3339 in UTC with nine digits.
pub fn time(unix_ns: u64) -> impl fmt::Display {
    humantime::format_rfc3339_nanos(UNIX_EPOCH + Duration::from_nanos(unix_ns))
}

fn as_pairs<S: Serializer>(headers: &[Header], serializer: S) -> Result<S::Ok, S::Error> {
    let mut pairs = serializer.serialize_seq(Some(headers.len()))?;
    for header in headers {
        pairs.serialize_element(&(&header.name, &header.value))?;
    }
    pairs.end()
}
