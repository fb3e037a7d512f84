//! `GET /api/v1/traces/{trace_id}` and `GET /api/v1/events/{id}`: what belongs together, and one event as it is stored.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    failure::Failure,
    row::{COLUMNS, Row},
};

/// Events of a trace that are told.
const MOST: usize = 5_000;

/// What happened in a trace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Trace {
    pub(crate) trace_id: String,
    /// In the order of their starts; scores are among them.
    pub(crate) events: Vec<Row>,
    /// Whether there are more than are told.
    pub(crate) truncated: bool,
}

/// The events of a trace; `None` if there are none.
pub(crate) fn trace(store: &Connection, trace_id: &str) -> Result<Option<Trace>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM events WHERE trace_id = ?1 ORDER BY start_time, seq LIMIT ?2");
    let most = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
    let mut select = store.prepare_cached(&sql)?;
    let mut events: Vec<Row> =
        select.query_map(params![trace_id, most], Row::read)?.collect::<rusqlite::Result<_>>()?;
    let truncated = events.len() > MOST;
    events.truncate(MOST);
    Ok((!events.is_empty()).then(|| Trace { trace_id: trace_id.to_owned(), events, truncated }))
}

/// The JSON of an event, as it is stored.
pub(crate) fn event(store: &Connection, id: &str) -> Result<Option<String>, Failure> {
    let mut select = store.prepare_cached("SELECT json FROM events WHERE id = ?1")?;
    Ok(select.query_row([id], |row| row.get(0)).optional()?)
}
