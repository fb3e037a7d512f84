//! `/api/status`: how the exporter is, at one moment, as JSON. `exporter/schema/status.schema.json` describes it; keys may be
//! added, not renamed.
//!
//! What is counted is counted since the start, by the same numbers as /metrics: a reader that looks twice has rates. Times
//! are of RFC 3339, or in seconds.
//!
//! ```json
//! {"schema": 1, "version": "0.1.0", "at": "…", "started_at": "…", "uptime_seconds": 7325.2, "ready": false,
//!  "problems": ["sink collector: retrying: …"],
//!  "events": {"asgi": 1200}, "unsampled": {}, "dropped": {"ring_full": 0}, "envoy": {"batches": {"stored": 7}},
//!  "producers": [{"name": "4711", "used_ratio": 0.02}],
//!  "spool": {"bytes": 1048576, "max_bytes": 10737418240, "records": 900, "oldest_seconds": 12.5, "errors": {"disk_full": 0}},
//!  "sinks": [{"name": "collector", "type": "otlp", "state": "retrying", "kind": "connect", "problem": "…", "since": "…",
//!             "retry_at": "…", "lag_seconds": 61.5, "backlog_events": 800, "sent": 400, "errors": {"connect": 9},
//!             "dropped": {"spool_full": 0}, "dead_letters": 0, "parcels": 0, "in_flight": 0, "concurrency": 8}],
//!  "config": {"ok": true, "rules": "0123456789abcdef"}}
//! ```

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use crate::{
    event_json,
    exporter::View,
    health::{SinkState, Standing},
    ids,
    metrics::Numbers,
    resend::Resends,
};

type Counts = BTreeMap<String, u64>;

/// The version that `schema` in the JSON says.
const SCHEMA: u32 = 1;

#[derive(Debug, Serialize)]
pub(crate) struct Status {
    schema: u32,
    version: &'static str,
    at: String,
    started_at: String,
    uptime_seconds: f64,
    ready: bool,
    problems: Vec<String>,
    events: Counts,
    unsampled: Counts,
    dropped: Counts,
    envoy: Envoy,
    producers: Vec<Producer>,
    spool: Spool,
    sinks: Vec<Sink>,
    config: Config,
}

#[derive(Debug, Serialize)]
struct Envoy {
    batches: Counts,
}

#[derive(Debug, Serialize)]
struct Producer {
    name: String,
    used_ratio: f64,
}

#[derive(Debug, Serialize)]
struct Spool {
    bytes: u64,
    max_bytes: u64,
    records: u64,
    oldest_seconds: f64,
    errors: Counts,
}

#[derive(Debug, Serialize)]
struct Sink {
    name: String,
    r#type: &'static str,
    state: &'static str,
    kind: Option<&'static str>,
    problem: Option<String>,
    since: Option<String>,
    retry_at: Option<String>,
    lag_seconds: f64,
    backlog_events: u64,
    sent: u64,
    errors: Counts,
    dropped: Counts,
    dead_letters: u64,
    parcels: u64,
    in_flight: u64,
    concurrency: u64,
}

#[derive(Debug, Serialize)]
struct Config {
    ok: bool,
    rules: String,
}

impl Status {
    /// That of this moment.
    pub(crate) fn of(view: &View) -> Self {
        view.look();
        let (now, numbers) = (ids::now_unix_ns(), view.metrics.numbers());
        let problems = view.health.problems();
        let used = numbers.by("offpath_ring_used_ratio", "producer").into_iter();
        Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            at: time(now),
            started_at: time(view.started.unix_ns),
            uptime_seconds: seconds(view.started.instant.elapsed()),
            ready: problems.is_empty(),
            problems,
            events: numbers.counts("offpath_events_total", "source"),
            unsampled: numbers.counts("offpath_unsampled_total", "source"),
            dropped: numbers.counts("offpath_dropped_total", "reason"),
            envoy: Envoy { batches: numbers.counts("offpath_batches_total", "result") },
            producers: used.map(|(name, used_ratio)| Producer { name, used_ratio }).collect(),
            spool: Spool {
                bytes: view.spool.bytes(),
                max_bytes: view.settings.get().spool.max_size,
                records: view.spool.records(),
                oldest_seconds: numbers.one("offpath_spool_oldest_seconds"),
                errors: numbers.counts("offpath_spool_errors_total", "kind"),
            },
            sinks: sinks(view, &numbers),
            config: Config {
                ok: numbers.one("offpath_config_ok") > 0.0,
                rules: view.settings.get().rules.clone(),
            },
        }
    }
}

fn sinks(view: &View, numbers: &Numbers) -> Vec<Sink> {
    let (settings, states) = (view.settings.get(), view.health.sinks());
    let sink = |name: &str| {
        let of_sink = numbers.of("sink", name);
        let state: Option<&SinkState> = states.get(name);
        let configured = settings.sinks.iter().find(|sink| sink.name == name);
        Sink {
            name: name.to_owned(),
            r#type: configured.map_or("", |sink| sink.kind.type_name()),
            state: state.map_or(Standing::Starting, |state| state.state).name(),
            kind: state.and_then(|state| state.kind),
            problem: state.and_then(|state| state.problem.clone()),
            since: state.map(|state| time(state.since_unix_ns)),
            retry_at: state.and_then(|state| state.retry_at_unix_ns).map(time),
            lag_seconds: of_sink.one("offpath_sink_lag_seconds"),
            backlog_events: of_sink.count("offpath_sink_backlog_events"),
            sent: of_sink.count("offpath_sink_sent_total"),
            errors: of_sink.counts("offpath_sink_errors_total", "kind"),
            dropped: of_sink.counts("offpath_sink_dropped_total", "reason"),
            dead_letters: of_sink.count("offpath_sink_dead_letters"),
            // A directory that cannot be read is a problem that the sink itself tells.
            parcels: Resends::new(&settings.data_dir, name).waiting().unwrap_or(0),
            in_flight: state.map_or(0, |state| state.in_flight),
            concurrency: state.map_or(0, |state| state.concurrency),
        }
    };
    view.sinks().map(sink).collect()
}

fn time(unix_ns: u64) -> String {
    event_json::time(unix_ns).to_string()
}

/// To the millisecond: more is noise.
fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e3).round() / 1e3
}
