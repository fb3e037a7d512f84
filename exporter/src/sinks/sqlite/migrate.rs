//! Older stores as they are laid out now.
//!
//! The rows are copied to a new file, which then takes the old one's name: whatever is killed when, one of the two is
//! whole. It needs as much space again as the old one has.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, Row, named_params};

use super::{
    facts::Facts,
    schema,
    sums::Sums,
    trace::{self, Place},
    used::Used,
    with_suffix,
};
use crate::{ids, sinks::SinkError};

/// Version 1 had fewer columns; what its events had of the others is in their JSON.
const FROM_1: &str = "
INSERT INTO events (
    id, trace_id, span_id, parent_span_id, start_time, duration_ns, first_byte_ns, kind, service, environment, source,
    outcome, method, host, path, route, status, client, error_type, request_size, response_size, loss_reason, loss_count,
    json, failed, rule, user_id, session_id, top, usage_counts
)
SELECT
    id, trace_id, span_id, parent_span_id, start_time, duration_ns, first_byte_ns, kind, service, environment, source,
    outcome, method, host, path, route, status, client, error_type, request_size, response_size, loss_reason, loss_count,
    json, ifnull(status >= 400, 0) OR ifnull(outcome <> 'completed', 0),
    json ->> 'rule', json ->> 'user_id', json ->> 'session_id', ifnull(kind = 'exchange' AND source IN ('asgi', 'envoy'), 0), 0
FROM old.events ORDER BY old.events.rowid;
INSERT INTO position SELECT spool, next FROM old.position;
";

/// Version 2 did not say where an event stands in its trace.
const FROM_2: &str = "
INSERT INTO events (
    seq, id, trace_id, span_id, parent_span_id, start_time, duration_ns, first_byte_ns, kind, service, environment, source,
    rule, failed, outcome, method, host, path, route, status, client, error_type, request_size, response_size, user_id,
    session_id, name, level, system, operation, model, input_tokens, output_tokens, total_tokens, cost_usd,
    first_token_ns, score_value, score_text, loss_reason, loss_count, json, top, usage_counts
)
SELECT
    *, CASE kind
        WHEN 'exchange' THEN ifnull(source IN ('asgi', 'envoy'), 0)
        ELSE kind NOT IN ('score', 'loss', 'unknown') AND parent_span_id IS NULL
    END, 0
FROM old.events ORDER BY old.events.seq;
INSERT INTO position SELECT spool, next FROM old.position;
";

/// What the sums take of each event, in the order in which they came.
const FACTS: &str = "
SELECT
    seq, trace_id, span_id, start_time, duration_ns, service, environment, ifnull(source, '') AS source,
    kind = 'exchange' AS is_exchange, top, failed,
    CASE
        WHEN kind = 'exchange' AND route IS NULL AND source IN ('httpx', 'aiohttp') THEN ifnull(host, '')
        WHEN kind = 'exchange' THEN ifnull(route, '')
        WHEN top THEN ifnull(name, '')
        ELSE ''
    END AS route,
    ifnull(system, '') AS system, ifnull(model, '') AS model, first_token_ns, input_tokens, output_tokens, cost_usd,
    coalesce(system, operation, model, total_tokens, cost_usd, first_token_ns) IS NOT NULL AS has_generation
FROM events ORDER BY seq";

const PLACE: &str = "
UPDATE events SET
    usage_counts = :usage_counts, trace_input_tokens = :input_tokens, trace_output_tokens = :output_tokens,
    trace_cost_usd = :cost_usd
WHERE seq = :seq";

/// Replaces the store at `path`, which is of an older version, by one of today's. `old` is the last connection to it.
pub(super) fn from(version: i64, old: Connection, path: &Path, max_age: Duration) -> Result<(), SinkError> {
    old.pragma_update(None, "journal_mode", "DELETE")?;
    drop(old);
    let new = with_suffix(path, ".new");
    discard(&new)?;
    let events = if version == 1 { FROM_1 } else { FROM_2 };
    copy(path, &new, events, max_age).inspect_err(|_| {
        // It may have filled the disk.
        let _ = discard(&new);
    })?;
    fs::rename(&new, path)?;
    Ok(File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?)
}

fn copy(from: &Path, to: &PathBuf, events: &str, max_age: Duration) -> Result<(), SinkError> {
    super::create_file(to)?;
    let mut store = Connection::open(to)?;
    schema::create(&store)?;
    store.execute("ATTACH ?1 AS old", [from.to_string_lossy()])?;
    let transaction = store.transaction()?;
    transaction.execute_batch(events)?;
    sum_up(&transaction, max_age)?;
    transaction.commit()?;
    Ok(store.execute_batch("DETACH old")?)
}

/// Does for each event what would have been done when it came.
fn sum_up(store: &Connection, max_age: Duration) -> rusqlite::Result<()> {
    /// Events that are summed up at a time.
    const BATCH: usize = 10_000;
    let mut sums = Sums::new(max_age);
    let mut select = store.prepare(FACTS)?;
    let mut rows = select.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let facts = facts(row)?;
        let place = trace::place(store, &facts)?;
        if place != Place::default() {
            update(store, row.get("seq")?, &place)?;
        }
        sums.add(&facts, &place);
        count += 1;
        if count % BATCH == 0 {
            sums.write(store, ids::now_unix_ns())?;
        }
    }
    sums.write(store, ids::now_unix_ns())
}

fn facts<'a>(row: &'a Row<'_>) -> rusqlite::Result<Facts<'a>> {
    let text = |column: &str| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
    let used = Used {
        input_tokens: row.get("input_tokens")?,
        output_tokens: row.get("output_tokens")?,
        cost_usd: row.get("cost_usd")?,
    };
    Ok(Facts {
        trace_id: row.get("trace_id")?,
        span_id: row.get("span_id")?,
        start_time: row.get("start_time")?,
        duration_ns: row.get("duration_ns")?,
        service: text("service")?,
        environment: text("environment")?,
        source: text("source")?,
        is_exchange: row.get("is_exchange")?,
        top: row.get("top")?,
        failed: row.get("failed")?,
        route: text("route")?,
        system: text("system")?,
        model: text("model")?,
        first_token_ns: row.get("first_token_ns")?,
        generation: row.get::<_, bool>("has_generation")?.then_some(used),
    })
}

fn update(store: &Connection, seq: i64, place: &Place) -> rusqlite::Result<()> {
    let mut update = store.prepare_cached(PLACE)?;
    let trace = place.trace;
    update.execute(named_params! {
        ":seq": seq,
        ":usage_counts": place.usage_counts,
        ":input_tokens": trace.input_tokens,
        ":output_tokens": trace.output_tokens,
        ":cost_usd": trace.cost_usd,
    })?;
    Ok(())
}

fn discard(path: &Path) -> std::io::Result<()> {
    for suffix in ["", "-journal"] {
        match fs::remove_file(with_suffix(path, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
