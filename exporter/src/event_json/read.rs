//! The way back: an event from its JSON, as far as that tells.
//!
//! Writing what was read gives the same JSON again. What the JSON does not have is gone: half a character where a body was
//! cut, an outcome that this build does not know, whether a body that is empty was there at all, and costs or scores that
//! are no finite number. What only the exporter's own work needs (`treatment`, `told`, a body's limits) is never in it.

mod otel;
mod parts;

use std::time::UNIX_EPOCH;

use offpath_core::event::{
    Ending, Event, Exchange, Kind, Level, Loss, Outcome, Proxy, SCHEMA as EVENT_SCHEMA, SPAN_TYPES, Score,
    Span, WebSocket,
};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;

use self::{
    otel::OtelJson,
    parts::{BodyJson, ErrorJson, LlmJson, MessageJson},
};
use super::SCHEMA;

/// Reads the JSON of an event. One of a kind that this build does not know has no `kind`. What is missing is empty, so that
/// lines of older builds are read too.
///
/// # Errors
///
/// It is no event's JSON, or one of a later schema.
pub fn read(json: &[u8]) -> serde_json::Result<Event> {
    let json: EventJson = serde_json::from_slice(json)?;
    if json.schema > SCHEMA {
        let later = format!("schema {} is later than {SCHEMA}, the last that this build reads", json.schema);
        return Err(serde_json::Error::custom(later));
    }
    Ok(json.event())
}

/// The keys of all kinds.
#[derive(Debug, Deserialize)]
struct EventJson {
    #[serde(default)]
    schema: u32,
    kind: String,
    #[serde(default, deserialize_with = "hex128")]
    id: u128,
    #[serde(default, deserialize_with = "hex128")]
    trace_id: u128,
    #[serde(default, deserialize_with = "hex64")]
    span_id: u64,
    #[serde(default, deserialize_with = "hex64")]
    parent_span_id: u64,
    #[serde(default)]
    service: String,
    #[serde(default)]
    environment: String,
    #[serde(default)]
    release: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default, deserialize_with = "time")]
    start_time: u64,
    #[serde(default)]
    duration_ns: u64,
    user_id: Option<String>,
    session_id: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    rules: Option<String>,
    llm: Option<LlmJson>,
    error: Option<ErrorJson>,
    // Of an exchange.
    rule: Option<String>,
    sampled_because: Option<String>,
    first_byte_ns: Option<u64>,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    method: String,
    #[serde(default)]
    scheme: String,
    #[serde(default)]
    host: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    query: String,
    route: Option<String>,
    client: Option<String>,
    http_version: Option<String>,
    status: Option<u32>,
    grpc_status: Option<u32>,
    request: Option<MessageJson>,
    response: Option<MessageJson>,
    websocket: Option<WebSocketJson>,
    proxy: Option<ProxyJson>,
    // Of a span or a score, or of an exchange too.
    #[serde(default)]
    name: String,
    trace_name: Option<String>,
    trace_metadata: Option<BodyJson>,
    #[serde(default)]
    is_public: bool,
    #[serde(default)]
    is_app_root: bool,
    #[serde(default)]
    ending: String,
    otel: Option<OtelJson>,
    #[serde(default)]
    level: String,
    status_message: Option<String>,
    version: Option<String>,
    input: Option<BodyJson>,
    output: Option<BodyJson>,
    /// Of an exchange it is an empty object, which is no body.
    metadata: Option<Box<RawValue>>,
    value: Option<Box<RawValue>>,
    #[serde(default)]
    data_type: String,
    comment: Option<String>,
    config_id: Option<String>,
    score_id: Option<String>,
    // Of a loss.
    #[serde(default)]
    reason: String,
    #[serde(default)]
    count: u64,
    producer: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WebSocketJson {
    #[serde(default)]
    accepted: bool,
    close_code: Option<u32>,
    subprotocol: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ProxyJson {
    upstream_cluster: Option<String>,
    upstream_host: Option<String>,
    #[serde(default)]
    attempts: u32,
    #[serde(default)]
    response_flags: Vec<String>,
    response_code_details: Option<String>,
}

impl EventJson {
    fn event(mut self) -> Event {
        Event {
            schema: EVENT_SCHEMA,
            id_high: high(self.id),
            id_low: low(self.id),
            trace_id_high: high(self.trace_id),
            trace_id_low: low(self.trace_id),
            span_id: self.span_id,
            parent_span_id: self.parent_span_id,
            start_unix_ns: self.start_time,
            duration_ns: self.duration_ns,
            service: std::mem::take(&mut self.service),
            environment: std::mem::take(&mut self.environment),
            release: text(self.release.take()),
            source: text(self.source.take()),
            user_id: text(self.user_id.take()),
            session_id: text(self.session_id.take()),
            tags: std::mem::take(&mut self.tags),
            rules: text(self.rules.take()),
            kind: self.kind(),
            ..Event::default()
        }
    }

    fn kind(self) -> Option<Kind> {
        Some(match self.kind.as_str() {
            "exchange" => Kind::Exchange(self.exchange()),
            "loss" => {
                Kind::Loss(Loss { reason: self.reason, count: self.count, producer: text(self.producer) })
            }
            "score" => Kind::Score(self.score()),
            kind if SPAN_TYPES.contains(&kind) => Kind::Span(self.span()),
            _ => return None,
        })
    }

    fn exchange(self) -> Exchange {
        Exchange {
            outcome: outcome(&self.outcome) as i32,
            first_byte_ns: self.first_byte_ns,
            method: self.method,
            scheme: self.scheme,
            host: self.host,
            path: self.path,
            query: self.query,
            route: text(self.route),
            trace_name: text(self.trace_name),
            client: text(self.client),
            status: self.status.unwrap_or(0),
            http_version: text(self.http_version),
            request: self.request.map(MessageJson::message),
            response: self.response.map(MessageJson::message),
            error: self.error.map(ErrorJson::error),
            rule: text(self.rule),
            sampled_because: text(self.sampled_because),
            websocket: self.websocket.map(|websocket| WebSocket {
                accepted: websocket.accepted,
                close_code: websocket.close_code.unwrap_or(0),
                subprotocol: text(websocket.subprotocol),
            }),
            proxy: self.proxy.map(|proxy| Proxy {
                upstream_cluster: text(proxy.upstream_cluster),
                upstream_host: text(proxy.upstream_host),
                attempts: proxy.attempts,
                response_flags: proxy.response_flags,
                response_code_details: text(proxy.response_code_details),
            }),
            grpc_status: self.grpc_status,
            generation: self.llm.map(LlmJson::generation),
        }
    }

    fn span(self) -> Span {
        Span {
            r#type: self.kind,
            name: self.name,
            input: self.input.map(BodyJson::body),
            output: self.output.map(BodyJson::body),
            level: level(&self.level) as i32,
            status_message: text(self.status_message),
            metadata: parts::body(self.metadata.as_deref()),
            version: text(self.version),
            generation: self.llm.map(LlmJson::generation),
            trace_name: text(self.trace_name),
            trace_metadata: self.trace_metadata.map(BodyJson::body),
            is_public: self.is_public,
            is_app_root: self.is_app_root,
            ending: ending(&self.ending) as i32,
            error: self.error.map(ErrorJson::error),
            otel: self.otel.map(OtelJson::otel),
        }
    }

    fn score(self) -> Score {
        let value = self.value.as_deref().map(RawValue::get);
        Score {
            name: self.name,
            value: value.and_then(|value| value.parse().ok()),
            text: value.and_then(|value| serde_json::from_str(value).ok()).unwrap_or_default(),
            data_type: self.data_type,
            comment: text(self.comment),
            metadata: parts::body(self.metadata.as_deref()),
            config_id: text(self.config_id),
            score_id: text(self.score_id),
        }
    }
}

/// In the event's layout what is not known is empty.
fn text(text: Option<String>) -> String {
    text.unwrap_or_default()
}

fn outcome(name: &str) -> Outcome {
    use Outcome::{AppError, ClientDisconnected, Completed, Reset, UpstreamError};
    let known = [Completed, ClientDisconnected, AppError, UpstreamError, Reset];
    known.into_iter().find(|outcome| outcome.name() == name).unwrap_or(Outcome::Unspecified)
}

fn ending(name: &str) -> Ending {
    let known = [Ending::Abandoned, Ending::Exit];
    known.into_iter().find(|ending| ending.name() == name).unwrap_or(Ending::Ended)
}

fn level(name: &str) -> Level {
    let known = [Level::Debug, Level::Warning, Level::Error];
    known.into_iter().find(|level| level.name() == name).unwrap_or(Level::Default)
}

#[allow(clippy::cast_possible_truncation, reason = "cutting the number in half is the point")]
fn high(id: u128) -> u64 {
    (id >> 64) as u64
}

#[allow(clippy::cast_possible_truncation, reason = "cutting the number in half is the point")]
fn low(id: u128) -> u64 {
    id as u64
}

fn hex128<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    if text.is_empty() {
        return Ok(0);
    }
    u128::from_str_radix(&text, 16).map_err(|_| D::Error::custom("an id must be 32 hexadecimal digits"))
}

fn hex64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let id = hex128(deserializer)?;
    u64::try_from(id).map_err(|_| D::Error::custom("an id of a span must be 16 hexadecimal digits"))
}

/// Nanoseconds since the Unix epoch of an RFC 3339 time.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time = humantime::parse_rfc3339(&text).ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let nanos = time.and_then(|time| u64::try_from(time.as_nanos()).ok());
    nanos.ok_or_else(|| D::Error::custom("a time must be one of RFC 3339"))
}

#[cfg(test)]
mod tests;
