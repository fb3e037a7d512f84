//! How many events of 1 KB a core moves from a ring to the spool, and in how much memory.
//!
//! One thread writes to a ring, without a pause while there is room; the intake drains it to a spool in a temporary
//! directory. Prints one line of JSON. `intake_rate [EVENTS]`, 1,000,000 unless told.

use std::{path::Path, thread, time::Instant};

use offpath_core::{
    config::Service,
    event::{Body, Event, Exchange, Kind, Message, SCHEMA},
};
use offpath_exporter::{
    enrich::Enricher,
    health::Health,
    ids,
    intake::{journal::SharedJournal, rings::Rings},
    metrics::Metrics,
    signal::Signal,
    spool::{Options, Spool},
};
use offpath_ring::{ConsumerLock, Producer};
use serde_json::json;

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failed> {
    let events: u64 = std::env::args().nth(1).map_or(Ok(1_000_000), |events| events.parse())?;
    let temporary = tempfile::tempdir()?;
    // Rings belong on a tmpfs; the spool on a disk, which the temporary directory may not be.
    let rings = tempfile::tempdir_in("/dev/shm")?;
    let (spool, writer) = Spool::open(
        &temporary.path().join("spool"),
        Options::new(1 << 40, std::time::Duration::from_secs(3600)),
    )?;
    let lock = ConsumerLock::acquire(&rings.path().join("r"))?;
    let directory = rings.path().join("r");
    let (metrics, health, stop) = (Metrics::default(), Health::default(), Signal::default());
    let journal =
        SharedJournal::new(writer, Service::default(), Enricher::default(), metrics.clone(), health.clone());
    let intake = Rings::new(&directory, lock, journal, metrics, health);

    let payload = event().to_bytes();
    let started = Instant::now();
    let stopped = stop.clone();
    let intake = thread::spawn(move || -> Result<f64, Failed> {
        let before = cpu_seconds()?;
        intake.run(&stopped);
        Ok(cpu_seconds()? - before)
    });
    fill(&directory, &payload, events)?;
    stop.set();
    let cpu = intake.join().map_err(|_| "the intake failed")??;
    let elapsed = started.elapsed().as_secs_f64();
    if spool.end() != events {
        return Err(format!("{} of {events} events are in the spool", spool.end()).into());
    }
    let line = json!({
        "events": events,
        "bytes_per_event": payload.len(),
        "seconds": elapsed,
        "intake_cpu_seconds": cpu,
        "events_per_second": events as f64 / elapsed,
        "events_per_cpu_second": events as f64 / cpu,
        "peak_resident_mb": peak_resident_kb()? as f64 / 1024.0,
    });
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

/// Writes all events, waiting where the ring is full, so that none is refused.
fn fill(directory: &Path, payload: &[u8], events: u64) -> Result<(), Failed> {
    let mut ring = Producer::create(directory, &offpath_ring::Options { capacity: 8 << 20 })?;
    for _ in 0..events {
        while ring.capacity() - ring.used() < 2 * ring.max_record() {
            thread::yield_now();
        }
        ring.write(1, payload)?;
    }
    Ok(())
}

/// What the kernel has counted for this thread.
fn cpu_seconds() -> Result<f64, Failed> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Ok(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
}

fn peak_resident_kb() -> Result<u64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// An exchange whose encoding takes about 1 KB.
fn event() -> Event {
    let body = |size: usize| Message {
        body: Some(Body { size: size as u64, head: vec![b'x'; size], ..Body::default() }),
        ..Message::default()
    };
    Event {
        schema: SCHEMA,
        id_high: 1,
        id_low: 2,
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
