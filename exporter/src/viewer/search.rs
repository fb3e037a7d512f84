//! `GET /api/v1/events`: events that fit, newest first.
//!
//! A search goes back in time a stretch at a time, and stops when its page is full or its time is up. Of a stretch, SQL tells what
//! fits but for a text; that is looked for in one event after the other, until the time is up. So a search answers in time
//! whatever is asked for, says how far it came, and goes on from there when it is asked to.

use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension as _, params_from_iter};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    cursor::Cursor,
    failure::Failure,
    filter::Filter,
    mention::Reader,
    parameters::Parameters,
    preview,
    row::{self, Row},
    time,
};

/// How long a search may take before it answers with what it has.
pub(crate) const BUDGET: Duration = Duration::from_millis(100);

/// Events in the first stretch, which are passed over in an index. While one takes less than `QUICK`, the next is twice as long.
const STRETCH: i64 = 16_000;
const QUICK: Duration = Duration::from_millis(10);

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is what the parameters look like from outside; `Search::read` reads them")]
pub(crate) struct PageParameters {
    /// How many at most; 50 unless told.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    #[param(min_length = 1)]
    cursor: Option<String>,
}

/// What is looked for.
#[derive(Debug)]
pub(crate) struct Search {
    filter: Filter,
    limit: usize,
    /// Only what is older than this.
    before: Option<(i64, i64)>,
    /// Events in the first stretch.
    stretch: i64,
}

/// A page of events, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Events {
    pub(crate) events: Vec<Row>,
    /// For `cursor`; null at the end. A page may be short and yet not the last: searching goes on where it stopped.
    #[schema(required)]
    pub(crate) next: Option<String>,
    /// How far back was looked, where that is not all; null if it is.
    #[schema(required)]
    pub(crate) reached: Option<String>,
}

impl Search {
    pub(crate) fn read(mut parameters: Parameters) -> Result<Self, Failure> {
        let filter = Filter::read(&mut parameters)?;
        let limit = parameters.limit()?;
        let before = parameters.text("cursor")?.map(|text| Cursor::place(&text)).transpose()?;
        parameters.finish()?;
        Ok(Self { filter, limit, before, stretch: STRETCH })
    }
}

/// Looks for a page of events; no longer than `budget`, but for the event that it reads, or the stretch that it passes over, by
/// then.
pub(crate) fn search(store: &Connection, search: &Search, budget: Duration) -> Result<Events, Failure> {
    let deadline = Instant::now() + budget;
    let mut before = search.before.unwrap_or((i64::MAX, i64::MAX));
    let mut stretch = search.stretch;
    let mut events = Vec::new();
    let (next, reached) = loop {
        let begun = Instant::now();
        let since = stretch_begin(store, before.0, stretch)?;
        if let Some(stopped) = find(store, search, before, since, deadline, &mut events)? {
            let is_full = events.len() == search.limit;
            break (Some(stopped), (!is_full).then(|| time::format(stopped.0)));
        }
        let Some(since) = since else { break (None, None) };
        // What began at that very time has been looked at.
        before = (since, 0);
        if Instant::now() >= deadline {
            break (Some(before), Some(time::format(since)));
        }
        if begun.elapsed() < QUICK {
            stretch = stretch.saturating_mul(2);
        }
    };
    preview::add(store, &mut events, preview::SHORT)?;
    let next = next.map(|place| Cursor::of(place).write());
    Ok(Events { events, next, reached })
}

const BEGIN: &str = "
SELECT start_time FROM events INDEXED BY events_listed WHERE start_time < ?1 ORDER BY start_time DESC LIMIT 1 OFFSET ?2";

/// When the last of so many events before a time began; `None` if there are not so many.
fn stretch_begin(store: &Connection, before: i64, events: i64) -> rusqlite::Result<Option<i64>> {
    store.prepare_cached(BEGIN)?.query_row([before, events], |row| row.get(0)).optional()
}

/// Adds those that fit, of a stretch that ends before `before` and begins `since`. Returns the last that was looked at, if the page
/// was full or time was up by then.
fn find(
    store: &Connection,
    search: &Search,
    (before, before_seq): (i64, i64),
    since: Option<i64>,
    deadline: Instant,
    events: &mut Vec<Row>,
) -> rusqlite::Result<Option<(i64, i64)>> {
    let filter = Filter::clone(&search.filter)
        .and("start_time >= ?", [since.unwrap_or(i64::MIN)])
        .and("start_time <= ? AND (start_time < ? OR seq < ?)", [before, before, before_seq]);
    let sql = format!(
        "SELECT start_time, seq FROM events WHERE {} ORDER BY start_time DESC, seq DESC",
        filter.sql()
    );
    let mut fitting = store.prepare_cached(&sql)?;
    let mut fitting = fitting.query(params_from_iter(filter.values()))?;
    let mut select = row::by_seq(store)?;
    let mut reader = filter.mention().map(|mention| Reader::new(store, mention)).transpose()?;
    while let Some(place) = fitting.next()? {
        let (time, seq) = (place.get(0)?, place.get(1)?);
        let fits = reader.as_mut().map_or(Ok(true), |reader| reader.finds(seq))?;
        if fits {
            events.push(select.query_row([seq], Row::read)?);
        }
        if events.len() == search.limit || Instant::now() >= deadline {
            return Ok(Some((time, seq)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
