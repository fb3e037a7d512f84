//! How many megabytes a second a core looks through: the whole of what is done to an event before it is stored, with its
//! decoding and its encoding.
//!
//! Prints a small table. `redact_rate [SECONDS]`, how long each line is measured, 1 unless told.

use std::io::Write as _;

use offpath_core::{
    event::{Body, Event, Exchange, Header, Kind, Message, SCHEMA},
    treatment::{PATTERNS, Treatment, VERSION},
};
use offpath_exporter::redact::Treatments;
use serde_json::json;

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failed> {
    let seconds: f64 = std::env::args().nth(1).map_or(Ok(1.0), |seconds| seconds.parse())?;
    let all = treatment(PATTERNS, None);
    let limited = treatment(PATTERNS, Some(1000));
    let mut out = std::io::stdout();
    writeln!(out, "{:<44} {:>10} {:>10} {:>12}", "", "bytes", "MB/s", "events/s")?;
    for (name, content_type, body, treatment) in [
        ("chat, JSON", "application/json", chat(1 << 10), Vec::new()),
        ("chat, JSON", "application/json", chat(64 << 10), Vec::new()),
        ("chat, stream of 50 events", "text/event-stream", stream(50), Vec::new()),
        ("plain text", "text/plain", text(16 << 10), Vec::new()),
        ("chat, JSON, all patterns", "application/json", chat(64 << 10), all.clone()),
        ("chat, JSON, all patterns, limits", "application/json", chat(64 << 10), limited.clone()),
        ("stream, all patterns, limits", "text/event-stream", stream(50), limited),
        ("numbers, JSON, all patterns", "application/json", numbers(64 << 10), all.clone()),
        ("plain text, all patterns", "text/plain", text(16 << 10), all),
    ] {
        let event = event(content_type, &body, treatment).to_bytes();
        let rate = rate(&event, seconds)?;
        let megabytes = rate * body.len() as f64 / 1e6;
        writeln!(out, "{name:<44} {:>10} {megabytes:>10.0} {rate:>12.0}", body.len())?;
    }
    Ok(())
}

/// Events in a second of this thread's CPU time.
fn rate(event: &[u8], seconds: f64) -> Result<f64, Failed> {
    let mut treatments = Treatments::default();
    let (started, mut count) = (cpu_seconds(), 0);
    while cpu_seconds() < started + seconds {
        for _ in 0..16 {
            let mut event = Event::from_bytes(event)?;
            treatments.treat(&mut event);
            std::hint::black_box(event.to_bytes());
            count += 1;
        }
    }
    Ok(f64::from(count) / (cpu_seconds() - started))
}

/// What the kernel has counted for this thread.
fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn treatment(patterns: &[&str], max_string: Option<u32>) -> Vec<u8> {
    let patterns = patterns.iter().map(|name| (*name).to_owned()).collect();
    let max_items = max_string.map(|_| 200);
    Treatment { patterns, max_string, max_items, version: VERSION, ..Treatment::default() }.to_bytes()
}

/// An exchange of one body.
fn event(content_type: &str, body: &[u8], treatment: Vec<u8>) -> Event {
    let header = |name: &str, value: &str| Header { name: name.to_owned(), value: value.to_owned() };
    let headers = vec![header("content-type", content_type), header("user-agent", "bench/1.0")];
    let body = Body { size: body.len() as u64, head: body.to_vec(), ..Body::default() };
    Event {
        schema: SCHEMA,
        service: "bench".to_owned(),
        source: "asgi".to_owned(),
        treatment,
        kind: Some(Kind::Exchange(Exchange {
            method: "POST".to_owned(),
            path: "/v1/chat/completions".to_owned(),
            status: 200,
            response: Some(Message { headers, body: Some(body), ..Message::default() }),
            ..Exchange::default()
        })),
        ..Event::default()
    }
}

const PROSE: &str =
    "It was the best of times, it was the worst of times; in 1859 it was told in \"weekly parts\".\n";

/// A request to a model, of about so many bytes.
fn chat(size: usize) -> Vec<u8> {
    let turn = |number: usize| {
        let role = if number.is_multiple_of(2) { "user" } else { "assistant" };
        json!({"role": role, "content": PROSE.repeat(number % 7 + 1)})
    };
    let (mut messages, mut length) = (Vec::new(), 200);
    while length < size {
        let message = turn(messages.len());
        length += message.to_string().len() + 1;
        messages.push(message);
    }
    json!({"model": "gpt-4o", "temperature": 0.7, "max_tokens": 1024, "stream": false, "messages": messages})
        .to_string()
        .into_bytes()
}

/// A response in so many events.
fn stream(events: usize) -> Vec<u8> {
    let event = |number: usize| {
        let word = PROSE.split(' ').nth(number % 20).unwrap_or_default();
        let choice = json!({"index": 0, "delta": {"content": format!(" {word}")}, "finish_reason": null});
        let chunk = json!({
            "id": "chatcmpl-A1b2C3d4E5f6", "object": "chat.completion.chunk", "created": 1_763_625_600, "model": "gpt-4o",
            "choices": [choice],
        });
        format!("data: {chunk}\n\n")
    };
    let mut text: String = (0..events).map(event).collect();
    text.push_str("data: [DONE]\n\n");
    text.into_bytes()
}

fn text(size: usize) -> Vec<u8> {
    PROSE.repeat(size / PROSE.len()).into_bytes()
}

/// An embedding.
fn numbers(size: usize) -> Vec<u8> {
    let values: Vec<f64> = (0..size / 21).map(|number| (number as f64).sin()).collect();
    json!({"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": values}]})
        .to_string()
        .into_bytes()
}
