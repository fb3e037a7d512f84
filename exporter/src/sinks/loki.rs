//! `type = "loki"`: one line per event, by Loki's push API.
//!
//! ```text
//! Event ─> line: its JSON, shortened if it is too long   line.rs
//!          labels of its stream, structured metadata     stream.rs
//! Events of one stream, in the order of their times ─> PushRequest, compressed by Snappy   push.rs
//! ```
//!
//! Protobuf with Snappy is what Loki's own clients send, and costs both sides least. Times and lines are those of the event,
//! and a line has the event's id: Loki stores what is sent twice once, and two events that are alike twice.
//!
//! Loki takes what is valid of a request, and answers 400 for the rest of it. So a request that is refused is sent again in
//! halves, until what is refused stands alone; the others are there once all the same.
//! Source: <https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs>, `pkg/distributor` and
//! `pkg/ingester/stream.go` of <https://github.com/grafana/loki>.

mod line;
mod push;
mod settings;
mod stream;

use std::collections::BTreeMap;

use offpath_core::event::Event;

use self::push::{Entry, PushRequest, Stream, Timestamp};
pub use self::settings::Settings;
use crate::delivery::{Answer, Backend, Request, Verdict};

/// Bytes of lines and their metadata in a request: within what Loki takes at once by default (`ingestion_burst_size_mb` = 6, and 4 MiB for a
/// message between its parts). What is larger it would throttle for ever.
const MOST: usize = 2 << 20;

/// A stream takes what is up to an hour older than its newest line (half of `max_chunk_age`). So what took long has the
/// time of its end: that of its start would be refused.
const LONG_NS: u64 = 30 * 60 * 1_000_000_000;

/// The sink.
#[derive(Debug)]
pub struct Loki {
    settings: Settings,
    labels: BTreeMap<String, String>,
}

impl Loki {
    /// A sink with these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let mut labels = settings.labels.clone();
        // Without it, exporters on two hosts would share a stream, and what one held back during an outage would be too
        // old beside what the other just sent.
        labels.entry("host".to_owned()).or_insert_with(host);
        Self { settings, labels }
    }

    fn entry(&self, event: &Event) -> Entry {
        let (line, is_shortened) = line::of(event, self.settings.max_line_size);
        let has_metadata = self.settings.structured_metadata;
        let structured_metadata =
            if has_metadata { stream::metadata(event, is_shortened) } else { Vec::new() };
        Entry { timestamp: Some(Timestamp::of(time(event))), line, structured_metadata }
    }

    fn request(&self, gathered: Gathered) -> Request {
        let mut push = PushRequest { streams: Vec::new() };
        for (labels, mut entries) in gathered.streams {
            entries.sort_by_key(|entry| entry.timestamp.map(|time| (time.seconds, time.nanos)));
            push.streams.push(Stream { labels, entries });
        }
        let tenant = self.settings.tenant.iter().map(|tenant| ("x-scope-orgid", tenant.clone()));
        Request {
            url: self.settings.endpoint.to_string(),
            content_type: push::CONTENT_TYPE,
            headers: tenant.collect(),
            body: push.to_body(),
            events: gathered.events,
        }
    }
}

/// What goes into one request.
#[derive(Debug, Default)]
struct Gathered {
    streams: BTreeMap<String, Vec<Entry>>,
    events: Vec<usize>,
    bytes: usize,
}

impl Backend for Loki {
    fn requests(&self, events: &[Event]) -> Vec<Request> {
        let mut requests = Vec::new();
        let mut gathered = Gathered::default();
        for (place, event) in events.iter().enumerate() {
            let entry = self.entry(event);
            let size = entry.size();
            if gathered.bytes + size > MOST && !gathered.events.is_empty() {
                requests.push(self.request(std::mem::take(&mut gathered)));
            }
            gathered.bytes += size;
            gathered.events.push(place);
            gathered.streams.entry(stream::labels(event, &self.labels)).or_default().push(entry);
        }
        if !gathered.events.is_empty() {
            requests.push(self.request(gathered));
        }
        requests
    }

    fn judge(&self, answer: &Answer<'_>) -> Verdict {
        let said = String::from_utf8_lossy(answer.body);
        let blocked = |kind, advice: &str| Verdict::Blocked { kind, why: format!("{answer}; {advice}") };
        match answer.status {
            // `block_ingestion_status_code`, unless somebody set another.
            260 => {
                blocked("ingestion_blocked", "Loki stores nothing until the time that its configuration says")
            }
            400 if said.contains("missing required labels") => {
                blocked("labels", "give the streams of this sink what Loki asks for, under labels")
            }
            400 if said.contains("this feature is disallowed") && said.contains("structured metadata") => {
                blocked("structured_metadata", "allow it in Loki, or set structured_metadata = false")
            }
            // It answers 204, and what takes its place 200 with as little to say.
            200..=299 if !said.trim().is_empty() => Verdict::of_another(answer, "Loki"),
            _ => Verdict::by_status(answer),
        }
    }
}

/// The time of an event's line.
fn time(event: &Event) -> u64 {
    let end = event.start_unix_ns.saturating_add(event.duration_ns);
    if event.duration_ns > LONG_NS { end } else { event.start_unix_ns }
}

/// This host's name; empty if it has none, and then there is no label of it.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}
