//! The turns of one session, oldest first.

use rusqlite::{Connection, Row as SqlRow, params};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Session, TurnsQuery, summary};
use crate::viewer::{
    cursor::Cursor,
    failure::Failure,
    parameters::USUAL,
    preview,
    row::{self, Row},
};

/// A session, and a page of its turns.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Turns {
    pub(crate) session: Session,
    /// What is `top` in it, oldest first, with long previews; where nothing is, what models did.
    pub(crate) turns: Vec<Row>,
    /// For `cursor`; null at the end.
    #[schema(required)]
    pub(crate) next: Option<String>,
}

const HAS_TOP: &str = "SELECT EXISTS (SELECT 1 FROM events WHERE session_id = ?1 AND top)";

pub(super) const TOP: &str = "
SELECT start_time, seq FROM events WHERE session_id = ?1 AND top AND (start_time, seq) > (?2, ?3)
ORDER BY start_time, seq LIMIT ?4";

/// Where nothing is top: what models did.
const OF_MODELS: &str = "
SELECT start_time, seq FROM events WHERE session_id = ?1 AND model IS NOT NULL AND (start_time, seq) > (?2, ?3)
ORDER BY start_time, seq LIMIT ?4";

/// What happened in a session: what is top in it, a page at a time. `None` if there is no such session.
pub(crate) fn turns(
    store: &Connection,
    session_id: &str,
    query: &TurnsQuery,
) -> Result<Option<Turns>, Failure> {
    let limit = query.limit.unwrap_or(USUAL);
    let after = query.cursor.as_deref().map_or(Ok((i64::MIN, 0)), Cursor::place)?;
    let Some(session) = summary::of(store, session_id.to_owned())? else { return Ok(None) };
    let has_top: bool = store.prepare_cached(HAS_TOP)?.query_row([session_id], |row| row.get(0))?;
    let mut select = store.prepare_cached(if has_top { TOP } else { OF_MODELS })?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let place = |row: &SqlRow<'_>| Ok((row.get(0)?, row.get(1)?));
    let places = select.query_map(params![session_id, after.0, after.1, most], place)?;
    let mut places = places.collect::<rusqlite::Result<Vec<(i64, i64)>>>()?;
    let has_more = places.len() > limit;
    places.truncate(limit);
    let last = places.last().filter(|_| has_more);
    let next = last.map(|place| Cursor::of(*place).write());
    let mut turns = rows(store, &places)?;
    preview::add(store, &mut turns, preview::LONG)?;
    Ok(Some(Turns { session, turns, next }))
}

fn rows(store: &Connection, places: &[(i64, i64)]) -> rusqlite::Result<Vec<Row>> {
    let mut select = row::by_seq(store)?;
    places.iter().map(|(_, seq)| select.query_row([seq], Row::read)).collect()
}
