//! A span of OpenTelemetry, from its JSON. The types of attributes are those that JSON has.

use offpath_core::event::OtelSpan;
use opentelemetry_proto::tonic::{
    common::v1::InstrumentationScope,
    resource::v1::Resource,
    trace::v1::{
        Span, Status,
        span::{Event, Link},
    },
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    super::otel::{CODES, KINDS},
    text, time,
};
use crate::otel::{Whole, json::read_pairs};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OtelJson {
    scope: Option<String>,
    scope_version: Option<String>,
    scope_attributes: Option<Box<RawValue>>,
    scope_schema_url: Option<String>,
    resource: Option<Box<RawValue>>,
    resource_schema_url: Option<String>,
    kind: String,
    status: Option<StatusJson>,
    trace_state: Option<String>,
    flags: u32,
    input_key: Option<String>,
    output_key: Option<String>,
    attributes: Option<Box<RawValue>>,
    events: Vec<EventJson>,
    links: Vec<LinkJson>,
    dropped: Dropped,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StatusJson {
    code: String,
    message: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EventJson {
    #[serde(deserialize_with = "time")]
    time: u64,
    name: String,
    attributes: Option<Box<RawValue>>,
    dropped_attributes: u32,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LinkJson {
    trace_id: String,
    span_id: String,
    trace_state: Option<String>,
    flags: u32,
    attributes: Option<Box<RawValue>>,
    dropped_attributes: u32,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Dropped {
    attributes: u32,
    events: u32,
    links: u32,
}

impl OtelJson {
    pub(super) fn otel(self) -> OtelSpan {
        let span = Span {
            trace_state: text(self.trace_state),
            flags: self.flags,
            kind: number(&KINDS, &self.kind),
            attributes: read_pairs(self.attributes.as_deref()),
            dropped_attributes_count: self.dropped.attributes,
            events: self.events.into_iter().map(EventJson::event).collect(),
            dropped_events_count: self.dropped.events,
            links: self.links.into_iter().map(LinkJson::link).collect(),
            dropped_links_count: self.dropped.links,
            status: self
                .status
                .map(|status| Status { code: number(&CODES, &status.code), message: text(status.message) }),
            ..Span::default()
        };
        let resource = Resource { attributes: read_pairs(self.resource.as_deref()), ..Resource::default() };
        let scope = InstrumentationScope {
            name: text(self.scope),
            version: text(self.scope_version),
            attributes: read_pairs(self.scope_attributes.as_deref()),
            ..InstrumentationScope::default()
        };
        let mut otel = OtelSpan {
            input_key: text(self.input_key),
            output_key: text(self.output_key),
            resource_schema_url: text(self.resource_schema_url),
            scope_schema_url: text(self.scope_schema_url),
            ..OtelSpan::default()
        };
        Whole { resource, scope, span }.encode(&mut otel);
        otel
    }
}

impl EventJson {
    fn event(self) -> Event {
        Event {
            time_unix_nano: self.time,
            name: self.name,
            attributes: read_pairs(self.attributes.as_deref()),
            dropped_attributes_count: self.dropped_attributes,
        }
    }
}

impl LinkJson {
    fn link(self) -> Link {
        Link {
            trace_id: bytes(&self.trace_id),
            span_id: bytes(&self.span_id),
            trace_state: text(self.trace_state),
            flags: self.flags,
            attributes: read_pairs(self.attributes.as_deref()),
            dropped_attributes_count: self.dropped_attributes,
        }
    }
}

fn number(names: &[&str], name: &str) -> i32 {
    let place = names.iter().position(|known| *known == name);
    place.and_then(|place| i32::try_from(place).ok()).unwrap_or(0)
}

/// Of hexadecimal digits; nothing if they are none.
fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| {
        let digits = str::from_utf8(pair).ok().filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())
    });
    pairs.collect::<Option<_>>().unwrap_or_default()
}
