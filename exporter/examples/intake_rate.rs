//! How many events a core moves from a ring to the spool, and in how much memory.
//!
//! One thread writes to a ring, without a pause while there is room; the intake drains it to a spool in a temporary
//! directory. Prints one line of JSON. `intake_rate [EVENTS] [exchange|json|span|otel] [BYTES]`: 1,000,000 exchanges of 850 bytes in
//! both bodies unless told, which makes events of about 1 KB. The bodies of `json` are JSON; `span` is a generation of an app, and
//! `otel` the same as Langfuse's SDK has it.

use std::{path::Path, thread, time::Instant};

use offpath_core::{
    config::Service,
    event::{Body, Event, Exchange, Generation, Kind, Message, OtelSpan, SCHEMA, Span as AppSpan, Tokens},
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
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::Span,
};
use prost::Message as _;
use serde_json::json;

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failed> {
    let argument = |place: usize| std::env::args().nth(place);
    let events: u64 = argument(1).map_or(Ok(1_000_000), |events| events.parse())?;
    let kind = argument(2).unwrap_or_else(|| "exchange".to_owned());
    let size: usize = argument(3).map_or(Ok(850), |size| size.parse())?;
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

    let payload = Event { kind: Some(told(&kind, size)?), ..event() }.to_bytes();
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
        "kind": kind,
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

/// What all of them have.
fn event() -> Event {
    Event {
        schema: SCHEMA,
        id_high: 1,
        id_low: 2,
        start_unix_ns: ids::now_unix_ns(),
        service: "bench".to_owned(),
        source: "asgi".to_owned(),
        ..Event::default()
    }
}

/// A call of a model with so many bytes in both directions, half of them each.
fn told(kind: &str, size: usize) -> Result<Kind, Failed> {
    Ok(match kind {
        "exchange" => {
            let plain = |size| Body { size: size as u64, head: vec![b'x'; size], ..Body::default() };
            Kind::Exchange(exchange(plain(size * 8 / 17), plain(size * 9 / 17), "/v1/chat/completions"))
        }
        "json" => Kind::Exchange(exchange(body(size / 2), body(size / 2), "/v1/orders")),
        "span" => Kind::Span(span(size)),
        "otel" => {
            let otel = Some(otel(size));
            Kind::Span(AppSpan { name: "answer".to_owned(), otel, ..AppSpan::default() })
        }
        other => return Err(format!("{other} is no kind of event").into()),
    })
}

const WORDS: &str = "It was the best of times, it was the worst of times. ";

/// A message as JSON.
fn said(size: usize) -> String {
    let words: String = WORDS.chars().cycle().take(size.saturating_sub(40)).collect();
    json!([{"role": "user", "content": words}]).to_string()
}

fn body(size: usize) -> Body {
    let head = said(size).into_bytes();
    Body { size: head.len() as u64, head, ..Body::default() }
}

fn exchange(request: Body, response: Body, path: &str) -> Exchange {
    let message = |body| Some(Message { body: Some(body), ..Message::default() });
    Exchange {
        method: "POST".to_owned(),
        path: path.to_owned(),
        status: 200,
        request: message(request),
        response: message(response),
        ..Exchange::default()
    }
}

fn span(size: usize) -> AppSpan {
    let tokens = |kind: &str, count| Tokens { kind: kind.to_owned(), count };
    let generation = Generation {
        request_model: "gpt-4o".to_owned(),
        parameters: PARAMETERS.to_owned(),
        usage: vec![tokens("input", 40), tokens("output", 5), tokens("total", 45)],
        ..Generation::default()
    };
    AppSpan {
        r#type: "generation".to_owned(),
        name: "answer".to_owned(),
        input: Some(body(size / 2)),
        output: Some(body(size / 2)),
        metadata: Some(Body { size: 15, head: br#"{"tier":"gold"}"#.to_vec(), ..Body::default() }),
        generation: Some(generation),
        trace_name: "chat".to_owned(),
        ..AppSpan::default()
    }
}

const PARAMETERS: &str = r#"{"temperature": 0.5, "max_tokens": 64}"#;

fn otel(size: usize) -> OtelSpan {
    let pairs = |pairs: &[(&str, &str)]| {
        let pair = |(key, value): &(&str, &str)| KeyValue {
            key: (*key).to_owned(),
            value: Some(AnyValue { value: Some(Value::StringValue((*value).to_owned())) }),
            ..KeyValue::default()
        };
        pairs.iter().map(pair).collect()
    };
    let said = said(size / 2);
    let attributes = pairs(&[
        ("langfuse.observation.type", "generation"),
        ("langfuse.observation.input", &said),
        ("langfuse.observation.output", &said),
        ("langfuse.observation.model.name", "gpt-4o"),
        ("langfuse.observation.model.parameters", PARAMETERS),
        ("langfuse.observation.usage_details", r#"{"input": 40, "output": 5, "total": 45}"#),
        ("langfuse.observation.metadata.tier", "\"gold\""),
        ("langfuse.trace.name", "chat"),
        ("langfuse.environment", "production"),
        ("user.id", "alice"),
        ("session.id", "s-1"),
    ]);
    let resource = pairs(&[
        ("telemetry.sdk.language", "python"),
        ("telemetry.sdk.name", "opentelemetry"),
        ("telemetry.sdk.version", "1.45.2"),
        ("service.name", "bench"),
    ]);
    let scope = InstrumentationScope {
        name: "langfuse-sdk".to_owned(),
        version: "5.0.4".to_owned(),
        attributes: pairs(&[("public_key", "pk-lf-11111111-2222-3333-4444-555555555555")]),
        ..InstrumentationScope::default()
    };
    OtelSpan {
        resource: Resource { attributes: resource, ..Resource::default() }.encode_to_vec(),
        scope: scope.encode_to_vec(),
        span: Span { name: "answer".to_owned(), kind: 1, attributes, ..Span::default() }.encode_to_vec(),
        ..OtelSpan::default()
    }
}
