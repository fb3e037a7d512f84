//! What is too old, or too much, goes: a little at a time, so that neither delivery nor a reader waits for it.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::{row::integer, settings::Bounds};

/// Pages that the file may have free before it shrinks: new rows need them soon, and what shrinks is moved about.
const SPARE: i64 = 512;

/// Pages that are given back at a time.
const GIVEN_BACK: i64 = 512;

/// Removes at most `most` events that are beyond the bounds, those that began first or came first, and gives a little of
/// the free space back. Returns whether there was anything to do.
pub(super) fn sweep(
    store: &Connection,
    bounds: Bounds,
    now_unix_ns: u64,
    most: usize,
) -> rusqlite::Result<bool> {
    let aged = remove_aged(store, bounds.max_age, now_unix_ns, most)?;
    let over = remove_over(store, bounds.max_size, most - aged)?;
    let is_spare = number(store, "freelist_count")? > SPARE;
    if is_spare {
        // It gives back a page at each step.
        let mut pages = store.prepare_cached(&format!("PRAGMA incremental_vacuum({GIVEN_BACK})"))?;
        let mut steps = pages.query([])?;
        while steps.next()?.is_some() {}
    }
    Ok(aged + over > 0 || is_spare)
}

fn remove_aged(
    store: &Connection,
    max_age: Duration,
    now_unix_ns: u64,
    most: usize,
) -> rusqlite::Result<usize> {
    let age = u64::try_from(max_age.as_nanos()).unwrap_or(u64::MAX);
    let oldest_kept = integer(now_unix_ns.saturating_sub(age));
    let oldest: Option<i64> = store.query_row("SELECT min(start_time) FROM events", [], |row| row.get(0))?;
    if oldest.is_none_or(|oldest| oldest >= oldest_kept) {
        return Ok(0);
    }
    let aged = "SELECT seq FROM events WHERE start_time < ?1 ORDER BY start_time LIMIT ?2";
    store
        .prepare_cached(&format!("DELETE FROM events WHERE seq IN ({aged})"))?
        .execute(params![oldest_kept, integer(most as u64)])
}

fn remove_over(store: &Connection, max_size: u64, most: usize) -> rusqlite::Result<usize> {
    let page = number(store, "page_size")?;
    let used = (number(store, "page_count")? - number(store, "freelist_count")?) * page;
    let excess = used - integer(max_size);
    if excess <= 0 {
        return Ok(0);
    }
    // Each by itself: only so does SQLite look at nothing but the ends.
    let end = |which| store.query_row(&format!("SELECT {which}(seq) FROM events"), [], |row| row.get(0));
    let (Some(first), Some(last)): (Option<i64>, Option<i64>) = (end("min")?, end("max")?) else {
        return Ok(0);
    };
    // Numbers that are not in use make too few of it; what is left then goes next time.
    let per_event = (used / (last - first + 1)).max(1);
    let count = (excess / per_event + 1).min(integer(most as u64));
    store.prepare_cached("DELETE FROM events WHERE seq < ?1")?.execute([first + count])
}

fn number(store: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    store.pragma_query_value(None, pragma, |row| row.get(0))
}
