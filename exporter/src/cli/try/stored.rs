//! Events that were stored: as JSON lines, or in the local store. Of their bodies only what was kept is there.

use std::{path::Path, time::UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use offpath_core::event::Outcome;
use rusqlite::{Connection, OpenFlags};
use serde::Deserialize;

use super::recorded::{Part, Recorded, Side};

/// An event's JSON, as far as it tells of an exchange.
#[derive(Debug, Deserialize)]
struct Stored {
    kind: String,
    #[serde(default)]
    trace_id: String,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    start_time: String,
    #[serde(default)]
    duration_ns: u64,
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
    status: Option<u16>,
    grpc_status: Option<u32>,
    request: Option<Message>,
    response: Option<Message>,
    websocket: Option<WebSocket>,
    error: Option<Error>,
}

#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body: Body,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    size: u64,
    kept: u64,
    head: String,
    tail: String,
    encoding: String,
}

#[derive(Debug, Deserialize)]
struct WebSocket {
    close_code: Option<u16>,
    subprotocol: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Error {
    r#type: String,
    message: String,
}

/// The exchange that a line of JSON is; `None` for an event of another kind.
///
/// # Errors
///
/// It is no event.
pub(super) fn exchange(line: &str) -> serde_json::Result<Option<Recorded>> {
    let stored: Stored = serde_json::from_str(line)?;
    Ok((stored.kind == "exchange").then(|| stored.recorded()))
}

/// The JSON of the newest so many exchanges of a store, oldest first.
///
/// # Errors
///
/// It is no store of offpath's, or cannot be read.
pub(super) fn newest(store: &Path, limit: u32) -> rusqlite::Result<Vec<String>> {
    let store = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut select = store.prepare(
        "SELECT json FROM events WHERE kind = 'exchange' ORDER BY start_time DESC, id DESC LIMIT ?1",
    )?;
    let mut rows = select.query_map([limit], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    rows.reverse();
    Ok(rows)
}

impl Stored {
    fn recorded(self) -> Recorded {
        let start = humantime::parse_rfc3339(&self.start_time).unwrap_or(UNIX_EPOCH);
        let start = start.duration_since(UNIX_EPOCH).unwrap_or_default();
        Recorded {
            source: self.source.unwrap_or_default(),
            start_unix_ns: u64::try_from(start.as_nanos()).unwrap_or(0),
            duration_ns: self.duration_ns,
            first_byte_ns: self.first_byte_ns,
            trace_id: u128::from_str_radix(&self.trace_id, 16).ok(),
            method: self.method,
            scheme: self.scheme,
            authority: self.host,
            path: self.path,
            query: self.query,
            http_version: self.http_version.unwrap_or_default(),
            client: self.client.unwrap_or_default(),
            route: self.route.unwrap_or_default(),
            status: self.status,
            outcome: outcome(&self.outcome),
            error: self.error.map(|error| (error.r#type, error.message)),
            websocket: self.websocket.map(|websocket| {
                (websocket.close_code.unwrap_or(0), websocket.subprotocol.unwrap_or_default())
            }),
            grpc_status: self.grpc_status,
            request: self.request.map(Message::side).unwrap_or_default(),
            response: self.response.map(Message::side).unwrap_or_default(),
        }
    }
}

impl Message {
    fn side(self) -> Side {
        let Body { size, kept, head, tail, encoding } = self.body;
        let bytes = |text: String| match encoding.as_str() {
            "base64" => STANDARD.decode(text.as_bytes()).unwrap_or_default(),
            _ => text.into_bytes(),
        };
        Side::new(
            self.headers,
            Part { head: bytes(head), missing: size.saturating_sub(kept), tail: bytes(tail) },
        )
    }
}

fn outcome(name: &str) -> Outcome {
    use Outcome::{AppError, ClientDisconnected, Completed, Reset, UpstreamError};
    let known = [Completed, ClientDisconnected, AppError, UpstreamError, Reset];
    known.into_iter().find(|outcome| outcome.name() == name).unwrap_or(Completed)
}
