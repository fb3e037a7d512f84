//! Finds sessions, the latest first, by walking back through the events that have one.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use rusqlite::{Connection, named_params};

use super::{Query, Session, Sessions, summary};
use crate::viewer::{cursor::Cursor, failure::Failure, parameters::USUAL, time};

/// How long may be looked for sessions.
pub(crate) const BUDGET: Duration = Duration::from_millis(150);

/// Events that are walked over between two looks at the clock.
const STRIDE: usize = 500;

/// In the order of `events_session_listed`, which has all of it.
pub(super) const WALK: &str = "
SELECT start_time, session_id FROM events
WHERE session_id IS NOT NULL AND start_time >= :from AND start_time < :to
    AND (start_time, session_id) < (:before_time, :before_session)
    AND (:user IS NULL OR user_id = :user) AND (:service IS NULL OR service = :service)
ORDER BY start_time DESC, session_id DESC";

pub(super) const IS_LATER: &str = "
SELECT EXISTS (
    SELECT 1 FROM events
    WHERE session_id = :session AND start_time > :time AND start_time < :to
        AND (:user IS NULL OR user_id = :user) AND (:service IS NULL OR service = :service)
)";

/// What a walk found.
struct Found {
    /// Latest first.
    sessions: Vec<String>,
    /// The event after which to go on; `None` at the end.
    next: Option<Cursor>,
    /// Whether the walk stopped because it took too long.
    is_out_of_time: bool,
}

/// A page of sessions. A session is on the page of its latest event, and on no other.
pub(crate) fn list(store: &Connection, query: &Query, budget: Duration) -> Result<Sessions, Failure> {
    let found = walk(store, query, Instant::now() + budget)?;
    let sessions = found.sessions.into_iter().map(|session| summary::of(store, session));
    let sessions = sessions.filter_map(Result::transpose).collect::<rusqlite::Result<Vec<Session>>>()?;
    let reached = found.next.as_ref().filter(|_| found.is_out_of_time).map(|next| time::format(next.time));
    Ok(Sessions { sessions, next: found.next.as_ref().map(Cursor::write), reached })
}

fn walk(store: &Connection, query: &Query, deadline: Instant) -> Result<Found, Failure> {
    let limit = query.limit.unwrap_or(USUAL);
    let bound = |field, text: Option<&str>, usual| text.map_or(Ok(usual), |text| time::parse(field, text));
    let from = bound("from", query.from.as_deref(), i64::MIN)?;
    let to = bound("to", query.to.as_deref(), i64::MAX)?;
    let before = query.cursor.as_deref().map(Cursor::read).transpose()?;
    let begin = before.clone().unwrap_or(Cursor { time: i64::MAX, rest: String::new() });
    let mut select = store.prepare_cached(WALK)?;
    let mut rows = select.query(named_params! {
        ":from": from,
        ":to": to,
        ":before_time": begin.time,
        ":before_session": begin.rest,
        ":user": query.user,
        ":service": query.service,
    })?;
    let mut seen = HashSet::new();
    let mut found = Found { sessions: Vec::new(), next: None, is_out_of_time: false };
    let mut last = None;
    let mut walked = 0;
    while let Some(row) = rows.next()? {
        let (time, session): (i64, &str) =
            (row.get(0)?, row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?);
        if !seen.contains(session) {
            seen.insert(session.to_owned());
            // On the first page, whatever is new is the latest of its session.
            if before.is_none() || !has_later(store, query, session, time, to)? {
                if found.sessions.len() == limit {
                    found.next = last;
                    return Ok(found);
                }
                found.sessions.push(session.to_owned());
            }
        }
        walked += 1;
        let is_look = walked % STRIDE == 0;
        if is_look && Instant::now() > deadline {
            found.next = Some(Cursor { time, rest: session.to_owned() });
            found.is_out_of_time = true;
            return Ok(found);
        }
        last = Some(Cursor { time, rest: session.to_owned() });
    }
    Ok(found)
}

/// Whether the session is on an earlier page.
fn has_later(store: &Connection, query: &Query, session: &str, time: i64, to: i64) -> rusqlite::Result<bool> {
    store.prepare_cached(IS_LATER)?.query_row(
        named_params! {
            ":session": session,
            ":time": time,
            ":to": to,
            ":user": query.user,
            ":service": query.service,
        },
        |row| row.get(0),
    )
}
