//! The turns of one session, oldest first.

use rusqlite::{Connection, Row, params};

use super::{Session, cursor::Cursor, summary};
use crate::viewer::failure::Failure;

/// A page of turns; the events themselves are read by `seq`.
#[derive(Debug)]
pub(crate) struct TurnPage {
    pub(crate) session: Session,
    /// In the order of time.
    pub(crate) seqs: Vec<i64>,
    /// For `cursor`; `None` at the end.
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

/// What happened in a session: what is top in it, `limit` at a time. `None` if there is no such session.
pub(crate) fn turns(
    store: &Connection,
    session_id: &str,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Option<TurnPage>, Failure> {
    let after = cursor.map(Cursor::read).transpose()?;
    let after = after.map_or(Ok((i64::MIN, 0)), |after| Ok::<_, Failure>((after.time, seq(&after)?)))?;
    let Some(session) = summary::of(store, session_id.to_owned())? else { return Ok(None) };
    let has_top: bool = store.prepare_cached(HAS_TOP)?.query_row([session_id], |row| row.get(0))?;
    let mut select = store.prepare_cached(if has_top { TOP } else { OF_MODELS })?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let place = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let places = select.query_map(params![session_id, after.0, after.1, most], place)?;
    let mut places = places.collect::<rusqlite::Result<Vec<(i64, i64)>>>()?;
    let has_more = places.len() > limit;
    places.truncate(limit);
    let last = places.last().filter(|_| has_more);
    let next = last.map(|(time, seq)| Cursor { time: *time, rest: seq.to_string() }.write());
    Ok(Some(TurnPage { session, seqs: places.into_iter().map(|(_, seq)| seq).collect(), next }))
}

fn seq(cursor: &Cursor) -> Result<i64, Failure> {
    let wrong = || Failure::Asked("cursor must be `next` of the page before, of the same session".to_owned());
    cursor.rest.parse().map_err(|_| wrong())
}
