//! `GET /api/v1/live`: what was stored since the last time that somebody asked.
//!
//! Events are told apart by `seq`, which grows with each that is stored, so that none is missed and none comes twice,
//! whenever it began. At high rates the newest are shown, and how many there were.

use rusqlite::{Connection, params_from_iter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    failure::Failure,
    filter::Filter,
    parameters::Parameters,
    preview,
    row::{COLUMNS, Row},
};

const USUAL: usize = 50;
const MOST: usize = 200;

/// Events that are looked at; who is further behind is told how many were passed over.
const MOST_BEHIND: i64 = 10_000;

#[derive(Debug, Deserialize, IntoParams)]
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
        let limit = parameters.limit(USUAL, MOST)?;
        parameters.finish()?;
        Ok(Self { filter, after, limit })
    }
}

/// Looks for what came.
pub(crate) fn live(store: &Connection, since: &Since) -> Result<Live, Failure> {
    let position: i64 =
        store.prepare_cached("SELECT ifnull(max(seq), 0) FROM events")?.query_row([], |row| row.get(0))?;
    // A store that is new meanwhile begins anew.
    let Some(after) = since.after.filter(|after| *after < position) else {
        return Ok(Live { events: Vec::new(), matched: 0, stored: 0, skipped: 0, position });
    };
    let looked_at = after.max(position - MOST_BEHIND);
    let looked_through = Filter::all().and(SINCE, [looked_at, position]);
    let filter = since.filter.clone().and(SINCE, [looked_at, position]);
    let skipped = looked_at - after;
    let stored = skipped + count(store, &looked_through)?;
    let matched = count(store, &filter)?;
    let mut events = newest(store, &filter, since.limit)?;
    preview::add(store, &mut events, preview::SHORT)?;
    Ok(Live { events, matched, stored, skipped, position })
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
