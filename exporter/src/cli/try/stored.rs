//! Events that were stored: as JSON lines, or in the local store. Of their bodies only what was kept is there.

use std::path::Path;

use offpath_core::event::{Event, Exchange, Kind, Message, Outcome};
use rusqlite::{Connection, OpenFlags};

use super::recorded::{Part, Recorded, Side};
use crate::event_json;

/// The exchange that a line of JSON is; `None` for an event of another kind.
///
/// # Errors
///
/// It is no event.
pub(super) fn exchange(line: &str) -> serde_json::Result<Option<Recorded>> {
    let mut event = event_json::read(line.as_bytes())?;
    Ok(match event.kind.take() {
        Some(Kind::Exchange(exchange)) => Some(recorded(&event, exchange)),
        _ => None,
    })
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

fn recorded(event: &Event, exchange: Exchange) -> Recorded {
    let outcome = match exchange.outcome() {
        Outcome::Unspecified => Outcome::Completed,
        outcome => outcome,
    };
    Recorded {
        source: event.source.clone(),
        start_unix_ns: event.start_unix_ns,
        duration_ns: event.duration_ns,
        first_byte_ns: exchange.first_byte_ns,
        trace_id: Some(event.trace_id()).filter(|id| *id != 0),
        method: exchange.method,
        scheme: exchange.scheme,
        authority: exchange.host,
        path: exchange.path,
        query: exchange.query,
        http_version: exchange.http_version,
        client: exchange.client,
        route: exchange.route,
        status: u16::try_from(exchange.status).ok().filter(|status| *status != 0),
        outcome,
        error: exchange.error.map(|error| (error.r#type, error.message)),
        websocket: exchange
            .websocket
            .map(|websocket| (u16::try_from(websocket.close_code).unwrap_or(0), websocket.subprotocol)),
        grpc_status: exchange.grpc_status,
        request: exchange.request.map(side).unwrap_or_default(),
        response: exchange.response.map(side).unwrap_or_default(),
    }
}

fn side(message: Message) -> Side {
    let headers = message.headers.into_iter().map(|header| (header.name, header.value)).collect();
    let body = message.body.unwrap_or_default();
    let missing = body.omitted();
    Side::new(headers, Part { head: body.head, missing, tail: body.tail })
}
