//! How many events of 1 KB a second a sink over HTTP takes from the spool to a backend on this machine, what each costs, and
//! in how much memory. To give the exporter one core, start it with `taskset -c 0`; the backend takes another.
//!
//! Fills a spool while the backend is away, then starts the exporter anew with a backend, which is another process and only
//! counts, and waits until all is delivered. What is told is of the second exporter as a whole. Prints one line of JSON.
//! `http_rate [TYPE] [EVENTS]`, `otlp` and 200,000 unless told; presets for models send bodies, `otlp` does not.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use offpath_core::event::{Body, Event, Exchange, Kind, Message, SCHEMA};
use offpath_exporter::{config::Settings, exporter::Exporter, ids};
use offpath_ring::{Options, Producer};
use serde_json::json;

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or_else(|| "otlp".to_owned());
    if kind == "receive" {
        return receive();
    }
    let events: u64 = arguments.next().map_or(Ok(200_000), |events| events.parse())?;
    let place = tempfile::tempdir()?;
    let rings = tempfile::tempdir_in("/dev/shm")?;
    let rings = rings.path().join("r");
    let bytes = fill(&settings(&kind, place.path(), 1)?, &rings, events)?;
    let mut backend = Backend::start()?;
    let settings = settings(&kind, place.path(), backend.port)?;
    // The peak is that of what comes now.
    fs::write("/proc/self/clear_refs", "5")?;
    let (started, before) = (Instant::now(), cpu_seconds());
    let exporter = Exporter::start(&settings, &rings)?;
    let view = exporter.view();
    while !view.backlogs().is_empty() {
        thread::sleep(Duration::from_millis(2));
    }
    let (seconds, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - before);
    let peak = peak_resident_mb()?;
    let metrics = String::from_utf8(view.exposition("").body)?;
    if !metrics.contains(&format!("offpath_sink_sent_total{{sink=\"it\"}} {events}\n")) {
        return Err("not all of it was delivered".into());
    }
    exporter.stop(Duration::from_secs(10));
    backend.process.kill()?;
    let line = json!({
        "sink": kind,
        "events": events,
        "bytes_per_event": bytes,
        "seconds": seconds,
        "events_per_second": events as f64 / seconds,
        "events_per_cpu_second": events as f64 / cpu,
        "cpu_us_per_event": cpu * 1e6 / events as f64,
        "peak_resident_mb": peak,
    });
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

fn settings(kind: &str, place: &Path, port: u16) -> Result<Settings, Failed> {
    let path = if kind == "otlp" { "/v1/traces" } else { "" };
    let endpoint = format!("http://127.0.0.1:{port}{path}");
    let json = json!({
        "exporter": {"data_dir": place.join("data")},
        "sinks": {"it": {"type": kind, "endpoint": endpoint}},
    });
    Settings::from_json(&json, &|_| None).map_err(|errors| format!("{errors:?}").into())
}

/// Has events come into the spool. Returns how many bytes each has.
fn fill(settings: &Settings, rings: &Path, events: u64) -> Result<usize, Failed> {
    let exporter = Exporter::start(settings, rings)?;
    let view = exporter.view();
    let mut ring = Producer::create(rings, &Options { capacity: 8 << 20 })?;
    let mut bytes = 0;
    for id in 1..=events {
        while ring.capacity() - ring.used() < 2 * ring.max_record() {
            thread::sleep(Duration::from_millis(1));
        }
        let event = event(id).to_bytes();
        bytes = event.len();
        ring.write(1, &event)?;
    }
    while view.spool.end() < events {
        thread::sleep(Duration::from_millis(1));
    }
    drop(ring);
    exporter.stop(Duration::from_secs(10));
    Ok(bytes)
}

/// The other process.
struct Backend {
    process: Child,
    port: u16,
}

impl Backend {
    fn start() -> Result<Self, Failed> {
        // On the second core: where the exporter is kept to one, it is to have it for itself.
        let mut command = Command::new("taskset");
        command.args(["-c", "1"]).arg(std::env::current_exe()?);
        let mut process = command.arg("receive").stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self { process, port: line.trim().parse()? })
    }
}

/// Answers everything with 200, and says first at which port.
fn receive() -> Result<(), Failed> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?.port())?;
    for stream in listener.incoming().flatten() {
        thread::spawn(move || _ = answer(stream));
    }
    Ok(())
}

fn answer(stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::with_capacity(256 << 10, stream);
    loop {
        let (mut length, mut line) = (0, String::new());
        while line != "\r\n" {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        std::io::copy(&mut stream.by_ref().take(length), &mut std::io::sink())?;
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        stream.get_mut().write_all(answer)?;
    }
}

/// What all threads of this process have used.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn peak_resident_mb() -> Result<u64, Failed> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}

/// An exchange whose encoding takes about 1 KB, with an id and words of its own.
fn event(id: u64) -> Event {
    let body = |size: usize, seed: u64| Message {
        body: Some(Body { size: size as u64, head: words(size, seed), ..Body::default() }),
        ..Message::default()
    };
    let start_unix_ns = ids::now_unix_ns();
    let (id_high, _) = ids::event_id(start_unix_ns);
    Event {
        schema: SCHEMA,
        id_high,
        id_low: id,
        trace_id_high: ids::random_u64(),
        trace_id_low: id,
        span_id: ids::random_u64(),
        start_unix_ns,
        duration_ns: 41_000_000,
        service: "bench".to_owned(),
        environment: "production".to_owned(),
        source: "asgi".to_owned(),
        kind: Some(Kind::Exchange(Exchange {
            method: "POST".to_owned(),
            scheme: "http".to_owned(),
            host: "api.example".to_owned(),
            path: "/v1/chat/completions".to_owned(),
            status: 200,
            request: Some(body(350, id)),
            response: Some(body(400, !id)),
            ..Exchange::default()
        })),
        ..Event::default()
    }
}

/// Text that compresses as text does.
fn words(size: usize, mut seed: u64) -> Vec<u8> {
    const WORDS: [&str; 16] = [
        "\"role\": ",
        "\"user\"",
        "the ",
        "model ",
        "answers ",
        "question ",
        "with ",
        "context ",
        "tokens ",
        "and ",
        "of ",
        "weather ",
        "today ",
        "please ",
        "summarise ",
        "document ",
    ];
    let mut text = Vec::with_capacity(size + 16);
    while text.len() < size {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.extend_from_slice(WORDS[usize::try_from(seed >> 60).unwrap_or_default()].as_bytes());
    }
    text.truncate(size);
    text
}
