//! A session as a whole, summed up from its turns.

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::Session;
use crate::viewer::time;

/// Turns that are summed up.
const MOST: i64 = 1_000;

/// Events of a session that are looked through for turns.
const LOOKED_AT: i64 = 10_000;

/// The latest turns: what is top in the session. Answered from `events_session` alone.
pub(super) const TOP: &str = "
SELECT seq, failed, trace_input_tokens, trace_output_tokens, trace_cost_usd FROM (
    SELECT seq, top, failed, trace_input_tokens, trace_output_tokens, trace_cost_usd
    FROM events WHERE session_id = ?1 ORDER BY start_time DESC LIMIT ?2
) WHERE top LIMIT ?3";

/// Where nothing is top: what models did. An app may name the session in the middle of a request.
const OF_MODELS: &str = "
SELECT seq, failed, iif(usage_counts, input_tokens, 0), iif(usage_counts, output_tokens, 0), iif(usage_counts, cost_usd, 0)
FROM (
    SELECT seq, model, failed, usage_counts, input_tokens, output_tokens, cost_usd
    FROM events WHERE session_id = ?1 ORDER BY start_time DESC LIMIT ?2
) WHERE model IS NOT NULL LIMIT ?3";

/// From when to when.
const ENDS: &str = "
SELECT (SELECT min(start_time) FROM events WHERE session_id = ?1), (SELECT max(start_time) FROM events WHERE session_id = ?1)";

const COUNT: &str = "SELECT count(*) FROM (SELECT 1 FROM events WHERE session_id = ?1 LIMIT ?2)";

const LATEST: &str = "SELECT seq FROM events WHERE session_id = ?1 ORDER BY start_time DESC LIMIT 1";

/// Sums a session up. `None` if it has no event any more.
pub(super) fn of(store: &Connection, session_id: String) -> rusqlite::Result<Option<Session>> {
    let latest = store.prepare_cached(LATEST)?.query_row([&session_id], |row| row.get(0)).optional()?;
    let Some(latest) = latest else { return Ok(None) };
    let mut turns = Turns { latest, ..Turns::default() };
    turns.read(store, TOP, &session_id)?;
    if turns.count == 0 {
        turns.read(store, OF_MODELS, &session_id)?;
    }
    let ends = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let (first, last) = store.prepare_cached(ENDS)?.query_row([&session_id], ends)?;
    let whose = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let mut select = store.prepare_cached("SELECT user_id, service FROM events WHERE seq = ?1")?;
    let (user_id, service) = select.query_row([turns.latest], whose)?;
    let looked_at: i64 = store
        .prepare_cached(COUNT)?
        .query_row(rusqlite::params![session_id, LOOKED_AT + 1], |row| row.get(0))?;
    Ok(Some(Session {
        session_id,
        user_id,
        service,
        first: time::format(first),
        last: time::format(last),
        turns: turns.count,
        failed: turns.failed,
        input_tokens: turns.input_tokens,
        output_tokens: turns.output_tokens,
        cost_usd: turns.cost_usd,
        truncated: turns.has_more || looked_at > LOOKED_AT,
    }))
}

#[derive(Debug, Default)]
struct Turns {
    /// The `seq` of the latest one.
    latest: i64,
    count: i64,
    failed: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost_usd: f64,
    has_more: bool,
}

impl Turns {
    fn read(&mut self, store: &Connection, sql: &str, session_id: &str) -> rusqlite::Result<()> {
        let mut select = store.prepare_cached(sql)?;
        let mut rows = select.query(rusqlite::params![session_id, LOOKED_AT, MOST + 1])?;
        while let Some(row) = rows.next()? {
            if self.count == MOST {
                self.has_more = true;
                return Ok(());
            }
            if self.count == 0 {
                self.latest = row.get(0)?;
            }
            let tokens = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.unwrap_or(0));
            self.count += 1;
            self.failed += row.get::<_, i64>(1)?;
            self.input_tokens = self.input_tokens.saturating_add(tokens(2)?);
            self.output_tokens = self.output_tokens.saturating_add(tokens(3)?);
            self.cost_usd += row.get::<_, Option<f64>>(4)?.unwrap_or(0.0);
        }
        Ok(())
    }
}
