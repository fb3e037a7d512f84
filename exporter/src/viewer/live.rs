//! `GET /api/v1/live`: what was stored since the last time that somebody asked.
//!
//! Events are told apart by `seq`, which grows with each that is stored, so that none is missed and none comes twice,
//! whenever it began. At high rates the newest are shown, and how many there were.

use std::time::{Duration, Instant};

use rusqlite::{Connection, params_from_iter};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    failure::Failure,
    filter::Filter,
    mention::Reader,
    parameters::Parameters,
    preview,
    row::{self, COLUMNS, Row},
};

/// Events that are looked at; who is further behind is told how many were passed over.
const MOST_BEHIND: i64 = 10_000;

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is what the parameters look like from outside; `Since::read` reads them")]
pub(crate) struct LiveParameters {
    /// `position` of the answer before; without it, the position is all that is answered.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// How many at most; 50 unless told.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// What is followed.
#[derive(Debug)]
pub(crate) struct Since {
    filter: Filter,
    after: Option<i64>,
    limit: usize,
}

/// What was stored since.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Live {
    /// The newest of those that match, newest first.
    pub(crate) events: Vec<Row>,
    /// How many match.
    pub(crate) matched: i64,
    /// How many were stored.
    pub(crate) stored: i64,
    /// How many of those were not looked at, because there were too many.
    pub(crate) skipped: i64,
    /// For `after`, next time.
    pub(crate) position: i64,
}

impl Since {
    pub(crate) fn read(mut parameters: Parameters) -> Result<Self, Failure> {
        let filter = Filter::read(&mut parameters)?;
        let after =
            parameters.read("after", "`position` of the answer before, a number of 0 or more", |value| {
                value.parse().ok().filter(|after| *after >= 0)
            })?;
        let limit = parameters.limit()?;
        parameters.finish()?;
        Ok(Self { filter, after, limit })
    }
}

/// Looks for what came; for a text no longer than `budget`, but for the event that it reads by then.
pub(crate) fn live(store: &Connection, since: &Since, budget: Duration) -> Result<Live, Failure> {
    let position: i64 =
        store.prepare_cached("SELECT ifnull(max(seq), 0) FROM events")?.query_row([], |row| row.get(0))?;
    // A store that is new meanwhile begins anew.
    let Some(after) = since.after.filter(|after| *after < position) else {
        return Ok(Live { events: Vec::new(), matched: 0, stored: 0, skipped: 0, position });
    };
    let begin = after.max(position - MOST_BEHIND);
    let filter = since.filter.clone().and(SINCE, [begin, position]);
    let Found { mut events, matched, looked_at } = match filter.mention() {
        None => Found {
            events: newest(store, &filter, since.limit)?,
            matched: count(store, &filter)?,
            looked_at: begin,
        },
        Some(mention) => {
            let reader = Reader::new(store, mention)?;
            mentioning(store, &filter, reader, since.limit, Instant::now() + budget)?
        }
    };
    let looked_at = looked_at.max(begin);
    let skipped = looked_at - after;
    let stored = skipped + count(store, &Filter::all().and(SINCE, [looked_at, position]))?;
    preview::add(store, &mut events, preview::SHORT)?;
    Ok(Live { events, matched, stored, skipped, position })
}

/// What came and fits.
struct Found {
    /// Newest first.
    events: Vec<Row>,
    matched: i64,
    /// All that is newer was looked at.
    looked_at: i64,
}

const SINCE: &str = "seq > ? AND seq <= ?";

// NOT INDEXED leaves SQLite the order of `seq`: what is new is little, and lies together.
fn count(store: &Connection, filter: &Filter) -> rusqlite::Result<i64> {
    let sql = format!("SELECT count(*) FROM events NOT INDEXED WHERE {}", filter.sql());
    store.prepare_cached(&sql)?.query_row(params_from_iter(filter.values()), |row| row.get(0))
}

fn newest(store: &Connection, filter: &Filter, limit: usize) -> rusqlite::Result<Vec<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM events NOT INDEXED WHERE {} ORDER BY seq DESC LIMIT {limit}",
        filter.sql()
    );
    store.prepare_cached(&sql)?.query_map(params_from_iter(filter.values()), Row::read)?.collect()
}

/// Those that mention a text too, from the newest on, until the time is up.
fn mentioning(
    store: &Connection,
    filter: &Filter,
    mut reader: Reader<'_>,
    limit: usize,
    deadline: Instant,
) -> rusqlite::Result<Found> {
    let sql = format!("SELECT seq FROM events NOT INDEXED WHERE {} ORDER BY seq DESC", filter.sql());
    let mut fitting = store.prepare_cached(&sql)?;
    let mut fitting = fitting.query(params_from_iter(filter.values()))?;
    let mut select = row::by_seq(store)?;
    let mut found = Found { events: Vec::new(), matched: 0, looked_at: 0 };
    while let Some(row) = fitting.next()? {
        let seq = row.get(0)?;
        if reader.finds(seq)? {
            found.matched += 1;
            if found.events.len() < limit {
                found.events.push(select.query_row([seq], Row::read)?);
            }
        }
        if Instant::now() >= deadline {
            found.looked_at = seq - 1;
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::viewer::fixture::{Fixture, request};

    #[test]
    fn who_has_no_time_for_a_text_is_told_what_was_passed_over_and_goes_on_behind_it() {
        let mut fixture = Fixture::new();
        fixture.store((1..=4).map(|seconds| request(seconds, "/here", 200)).collect());
        let asked = [("after", "1"), ("q", "/here")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let since = Since::read(Parameters::new(asked.to_vec())).expect("valid");
        let told = |budget| {
            let live = live(&fixture.connection(), &since, budget).expect("an answer");
            let seqs: Vec<i64> = live.events.iter().map(|event| event.seq).collect();
            (seqs, live.matched, live.stored, live.skipped, live.position)
        };
        assert_eq!(told(Duration::ZERO), (vec![4], 1, 3, 2, 4));
        assert_eq!(told(Duration::from_secs(60)), (vec![4, 3, 2], 3, 3, 0, 4));
    }
}
