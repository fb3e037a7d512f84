//! What a span of OpenTelemetry has beside what all spans have, in JSON.

use std::fmt::Write as _;

use offpath_core::event::OtelSpan;
use opentelemetry_proto::tonic::trace::v1::{
    Status,
    span::{Event, Link},
};
use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::{as_time, known};
use crate::otel::{Whole, json::Pairs};

/// The kinds of OpenTelemetry, by their numbers.
pub(super) const KINDS: [&str; 6] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
/// What a status says, likewise.
pub(super) const CODES: [&str; 3] = ["unset", "ok", "error"];

/// All of it but for what is told of any span: ids, times, name, and what went in and came out.
#[derive(Debug)]
pub(super) struct OtelJson<'a> {
    whole: Whole,
    otel: &'a OtelSpan,
}

impl<'a> OtelJson<'a> {
    /// `None` if it is no span.
    pub(super) fn new(otel: &'a OtelSpan) -> Option<Self> {
        Some(Self { whole: Whole::decode(otel).ok()?, otel })
    }
}

impl Serialize for OtelJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Whole { resource, scope, span } = &self.whole;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("scope", &known(&scope.name))?;
        map.serialize_entry("scope_version", &known(&scope.version))?;
        map.serialize_entry("scope_attributes", &Pairs(&scope.attributes))?;
        map.serialize_entry("scope_schema_url", &known(&self.otel.scope_schema_url))?;
        map.serialize_entry("resource", &Pairs(&resource.attributes))?;
        map.serialize_entry("resource_schema_url", &known(&self.otel.resource_schema_url))?;
        map.serialize_entry("kind", name(&KINDS, span.kind))?;
        map.serialize_entry("status", &span.status.as_ref().map(StatusJson::new))?;
        map.serialize_entry("trace_state", &known(&span.trace_state))?;
        map.serialize_entry("flags", &span.flags)?;
        map.serialize_entry("input_key", &known(&self.otel.input_key))?;
        map.serialize_entry("output_key", &known(&self.otel.output_key))?;
        map.serialize_entry("attributes", &Pairs(&span.attributes))?;
        map.serialize_entry("events", &span.events.iter().map(EventJson::new).collect::<Vec<_>>())?;
        map.serialize_entry("links", &span.links.iter().map(LinkJson::new).collect::<Vec<_>>())?;
        map.serialize_entry(
            "dropped",
            &Dropped {
                attributes: span.dropped_attributes_count,
                events: span.dropped_events_count,
                links: span.dropped_links_count,
            },
        )?;
        map.end()
    }
}

fn name<const N: usize>(names: &[&'static str; N], number: i32) -> &'static str {
    usize::try_from(number).ok().and_then(|number| names.get(number)).unwrap_or(&names[0])
}

#[derive(Serialize)]
struct StatusJson<'a> {
    code: &'static str,
    message: Option<&'a str>,
}

impl<'a> StatusJson<'a> {
    fn new(status: &'a Status) -> Self {
        Self { code: name(&CODES, status.code), message: known(&status.message) }
    }
}

#[derive(Serialize)]
struct EventJson<'a> {
    #[serde(serialize_with = "as_time")]
    time: u64,
    name: &'a str,
    attributes: Pairs<'a>,
    dropped_attributes: u32,
}

impl<'a> EventJson<'a> {
    fn new(event: &'a Event) -> Self {
        Self {
            time: event.time_unix_nano,
            name: &event.name,
            attributes: Pairs(&event.attributes),
            dropped_attributes: event.dropped_attributes_count,
        }
    }
}

#[derive(Serialize)]
struct LinkJson<'a> {
    trace_id: String,
    span_id: String,
    trace_state: Option<&'a str>,
    flags: u32,
    attributes: Pairs<'a>,
    dropped_attributes: u32,
}

impl<'a> LinkJson<'a> {
    fn new(link: &'a Link) -> Self {
        Self {
            trace_id: hex(&link.trace_id),
            span_id: hex(&link.span_id),
            trace_state: known(&link.trace_state),
            flags: link.flags,
            attributes: Pairs(&link.attributes),
            dropped_attributes: link.dropped_attributes_count,
        }
    }
}

/// What the SDK itself left out.
#[derive(Serialize)]
struct Dropped {
    attributes: u32,
    events: u32,
    links: u32,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
