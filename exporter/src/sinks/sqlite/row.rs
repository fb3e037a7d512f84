//! An event as a row.

use offpath_core::event::{Event, Exchange, Kind, Loss, Message};
use rusqlite::{Statement, params};

use crate::event_json;

pub(super) const INSERT: &str = "
INSERT OR IGNORE INTO events (
    id, trace_id, span_id, parent_span_id, start_time, duration_ns, first_byte_ns, kind, service, environment, source,
    outcome, method, host, path, route, status, client, error_type, request_size, response_size, loss_reason, loss_count,
    json
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)";

/// Runs [`INSERT`] for one event.
pub(super) fn insert(statement: &mut Statement<'_>, event: &Event, json: &[u8]) -> rusqlite::Result<()> {
    let exchange = match &event.kind {
        Some(Kind::Exchange(exchange)) => Some(exchange),
        _ => None,
    };
    let loss = match &event.kind {
        Some(Kind::Loss(loss)) => Some(loss),
        _ => None,
    };
    let kind = event_json::kind(event);
    let of = |field: fn(&Exchange) -> &str| exchange.map(field).filter(|text| !text.is_empty());
    statement.execute(params![
        event_json::id(event.id()),
        event_json::id(event.trace_id()),
        format!("{:016x}", event.span_id),
        (event.parent_span_id != 0).then(|| format!("{:016x}", event.parent_span_id)),
        integer(event.start_unix_ns),
        integer(event.duration_ns),
        exchange.and_then(|exchange| exchange.first_byte_ns).map(integer),
        kind,
        event.service,
        event.environment,
        (!event.source.is_empty()).then_some(&event.source),
        exchange.map(event_json::outcome),
        of(|exchange| &exchange.method),
        of(|exchange| &exchange.host),
        of(|exchange| &exchange.path),
        of(|exchange| &exchange.route),
        exchange.map(|exchange| exchange.status).filter(|status| *status != 0),
        of(|exchange| &exchange.client),
        exchange.and_then(|exchange| exchange.error.as_ref()).map(|error| &error.r#type),
        exchange.map(|exchange| size(exchange.request.as_ref())),
        exchange.map(|exchange| size(exchange.response.as_ref())),
        loss.map(|loss: &Loss| &loss.reason),
        loss.map(|loss| integer(loss.count)),
        str::from_utf8(json)?,
    ])?;
    Ok(())
}

fn size(message: Option<&Message>) -> i64 {
    message.and_then(|message| message.body.as_ref()).map_or(0, |body| integer(body.size))
}

/// SQLite's integers are signed; a hostile producer's may be larger.
pub(super) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
