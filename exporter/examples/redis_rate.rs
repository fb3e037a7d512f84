//! How many events of 1 KB a second go from a ring into a stream of Redis, and from there into another exporter's spool.
//!
//! Starts a redis-server that keeps nothing on disk, fills a ring, starts an exporter that writes the stream, then one that
//! reads it. Prints a line of JSON for each, with the CPU time of this process, in which the exporter is. To give it one core,
//! start it with `taskset -c 0`; Redis takes another. `redis_rate [EVENTS]`, 200,000 unless told.

use std::{
    io::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use offpath_core::event::{Body, Event, Exchange, Kind, Message, SCHEMA};
use offpath_exporter::{config::Settings, exporter::Exporter, ids};
use offpath_ring::{Options, Producer};
use serde_json::{Value, json};

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let events: u64 = std::env::args().nth(1).map_or(Ok(200_000), |events| events.parse())?;
    let place = tempfile::tempdir()?;
    let shared_memory = tempfile::tempdir_in("/dev/shm")?;
    let socket = place.path().join("redis.sock");
    let _redis = start_redis(&socket, place.path())?;
    let url = format!("unix://{}", socket.display());

    let rings = shared_memory.path().join("full");
    let mut ring =
        Producer::create(&rings, &Options { capacity: (events * 1_200).next_power_of_two().max(1 << 20) })?;
    for id in 1..=events {
        ring.write(1, &event(id).to_bytes())?;
    }
    let mut connection = redis::Client::open(url.as_str())?.get_connection()?;
    let mut in_stream = || redis::cmd("XLEN").arg("offpath:events").query::<u64>(&mut connection);
    let sink = json!({"it": {"type": "redis", "url": url}});
    let settings = json!({"exporter": {"data_dir": place.path().join("writer")}, "sinks": sink});
    let written = measure(&settings, &rings, |_| Ok(in_stream()? >= events))?;
    tell("ring to redis", events, written)?;

    let settings = json!({
        "exporter": {"data_dir": place.path().join("reader")}, "intake": {"redis": {"url": url}},
        "sinks": {"it": {"type": "jsonl", "path": "/dev/null"}},
    });
    let empty = shared_memory.path().join("empty");
    let read = measure(&settings, &empty, |exporter| Ok(exporter.view().spool.end() >= events))?;
    tell("redis to spool", events, read)
}

fn start_redis(socket: &Path, directory: &Path) -> Result<Ended, Failed> {
    let mut command = Command::new("taskset");
    command.args(["-c", "1", "redis-server", "--port", "0", "--save", ""]);
    command.arg("--unixsocket").arg(socket).arg("--dir").arg(directory);
    let child = command.stdout(Stdio::null()).spawn()?;
    let started = Ended(child);
    let deadline = Instant::now() + Duration::from_secs(10);
    while std::os::unix::net::UnixStream::connect(socket).is_err() {
        if Instant::now() > deadline {
            return Err("redis-server does not start".into());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(started)
}

/// Ends with its owner.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What it took until it was done.
struct Took {
    seconds: f64,
    cpu: f64,
    /// Memory of the process at its most, without the ring, which is the app's.
    peak_mb: f64,
}

fn measure(
    settings: &Value,
    rings: &Path,
    mut is_done: impl FnMut(&Exporter) -> Result<bool, Failed>,
) -> Result<Took, Failed> {
    let settings = Settings::from_json(settings, &|_| None).map_err(|errors| format!("{errors:?}"))?;
    let (started, cpu) = (Instant::now(), cpu_seconds()?);
    let exporter = Exporter::start(&settings, rings)?;
    let mut peak_mb = anonymous_mb()?;
    while !is_done(&exporter)? {
        peak_mb = peak_mb.max(anonymous_mb()?);
        std::thread::sleep(Duration::from_millis(5));
    }
    let took = Took { seconds: started.elapsed().as_secs_f64(), cpu: cpu_seconds()? - cpu, peak_mb };
    exporter.stop(Duration::from_secs(10));
    Ok(took)
}

fn anonymous_mb() -> Result<f64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let anonymous = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).ok_or("no RssAnon")?;
    Ok(anonymous.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}

fn tell(what: &str, events: u64, Took { seconds, cpu, peak_mb }: Took) -> Result<(), Failed> {
    let line = json!({
        "what": what, "events": events, "seconds": seconds, "events_per_second": events as f64 / seconds,
        "cpu_us_per_event": cpu * 1e6 / events as f64, "peak_anonymous_mb": peak_mb,
    });
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

fn cpu_seconds() -> Result<f64, Failed> {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: Vec<f64> = fields.skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
}

/// An exchange whose encoding takes about 1 KB, with an id of its own.
fn event(id: u64) -> Event {
    let body = |size: usize| Message {
        body: Some(Body { size: size as u64, head: vec![b'x'; size], ..Body::default() }),
        ..Message::default()
    };
    Event {
        schema: SCHEMA,
        id_low: id,
        trace_id_high: 1,
        trace_id_low: id,
        start_unix_ns: ids::now_unix_ns(),
        service: "bench".to_owned(),
        source: "asgi".to_owned(),
        kind: Some(Kind::Exchange(Exchange {
            method: "POST".to_owned(),
            path: "/v1/chat/completions".to_owned(),
            status: 200,
            request: Some(body(400)),
            response: Some(body(450)),
            ..Exchange::default()
        })),
        ..Event::default()
    }
}
