//! What it costs a CPU to make requests of OTLP of exchanges of 1 KB, by preset and encoding: no spool, no compression, no
//! network. Prints one line of JSON each. `otlp_rate [BATCHES]`, 200 batches of 1,000 events unless told.

use std::io::Write as _;

use offpath_core::event::{Body, Event, Exchange, Header, Kind, Message, SCHEMA};
use offpath_exporter::{config::Settings, delivery::Backend, sinks::Built};
use serde_json::json;

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let batches: u32 = std::env::args().nth(1).map_or(Ok(200), |batches| batches.parse())?;
    let events: Vec<Event> = (1..=1_000).map(event).collect();
    let size = events.iter().map(|event| event.to_bytes().len()).sum::<usize>() / events.len();
    for (preset, encoding) in
        [("otlp", "protobuf"), ("otlp", "json"), ("phoenix", "protobuf"), ("langfuse", "protobuf")]
    {
        let backend = backend(preset, encoding)?;
        let before = cpu_seconds();
        let mut bytes = 0;
        for _ in 0..batches {
            bytes += backend.requests(&events).iter().map(|request| request.body.len()).sum::<usize>();
        }
        let done = f64::from(batches) * events.len() as f64;
        let line = json!({
            "preset": preset, "encoding": encoding, "bytes_per_event": size,
            "bytes_per_span": bytes as f64 / done, "us_per_event": (cpu_seconds() - before) * 1e6 / done,
        });
        writeln!(std::io::stdout(), "{line}")?;
    }
    Ok(())
}

/// What the kernel has counted for this thread.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// One that sends bodies too.
fn backend(preset: &str, encoding: &str) -> Result<Box<dyn Backend>, Failed> {
    let mut sink = json!({"type": preset, "encoding": encoding, "bodies": true});
    match preset {
        "otlp" => sink["endpoint"] = json!("http://localhost:4318"),
        "langfuse" => (sink["public_key"], sink["secret_key"]) = (json!("pk"), json!("sk")),
        _ => {}
    }
    let json = json!({"sinks": {"it": sink}});
    let settings = Settings::from_json(&json, &|_| None).map_err(|errors| format!("{errors:?}"))?;
    match settings.sinks.first().map(|sink| sink.build()) {
        Some(Built::Http(backend, _)) => Ok(backend),
        _ => Err("it is a sink over HTTP".into()),
    }
}

/// An exchange whose encoding takes about 1 KB, with an id of its own.
fn event(id: u64) -> Event {
    let header = |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned() };
    let message = |size: usize, headers| Message {
        headers,
        body: Some(Body { size: size as u64, head: vec![b'x'; size], ..Body::default() }),
        chunks: 1,
        ..Message::default()
    };
    let headers = vec![header("content-type", "application/json"), header("user-agent", "bench/1.0")];
    Event {
        schema: SCHEMA,
        id_high: 1,
        id_low: id,
        trace_id_high: id,
        trace_id_low: id,
        span_id: id,
        start_unix_ns: 1_795_161_600_123_456_789,
        duration_ns: 41_000_000,
        service: "bench".to_owned(),
        environment: "production".to_owned(),
        source: "asgi".to_owned(),
        kind: Some(Kind::Exchange(Exchange {
            outcome: 1,
            first_byte_ns: Some(1_000_000),
            method: "POST".to_owned(),
            scheme: "https".to_owned(),
            host: "api.example".to_owned(),
            path: "/v1/chat/completions".to_owned(),
            route: "/v1/chat/completions".to_owned(),
            client: "10.0.0.7".to_owned(),
            http_version: "1.1".to_owned(),
            rule: "chat".to_owned(),
            sampled_because: "always".to_owned(),
            status: 200,
            request: Some(message(350, headers.clone())),
            response: Some(message(350, headers)),
            ..Exchange::default()
        })),
        ..Event::default()
    }
}
