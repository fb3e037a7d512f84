//! A span as OTLP has it, of what OpenTelemetry's SDK calls a `ReadableSpan`.
//!
//! ```text
//! Span   = bytes trace_id 1, bytes span_id 2, string trace_state 3, bytes parent_span_id 4, string name 5, enum kind 6,
//!          fixed64 start_time_unix_nano 7, fixed64 end_time_unix_nano 8, KeyValue attributes 9,
//!          uint32 dropped_attributes_count 10, Event events 11, uint32 dropped_events_count 12, Link links 13,
//!          uint32 dropped_links_count 14, Status status 15, fixed32 flags 16
//! Event  = fixed64 time_unix_nano 1, string name 2, KeyValue attributes 3, uint32 dropped_attributes_count 4
//! Link   = bytes trace_id 1, bytes span_id 2, string trace_state 3, KeyValue attributes 4,
//!          uint32 dropped_attributes_count 5, fixed32 flags 6
//! Status = string message 2, enum code 3
//! flags  = the trace's in the low 8 bits, 0x100: it is known whether the parent (of a link: the span) is remote, 0x200: it is
//! ```
//!
//! <https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto>

use super::{
    attributes::{Attributes, Pairs},
    text::Text,
    value::Limits,
};
use crate::place::Place;
use offpath_wire as wire;
use pyo3::{intern, prelude::*, types::PyString};

const ATTRIBUTES: u32 = 9;
const EVENTS: u32 = 11;
const LINKS: u32 = 13;
const STATUS: u32 = 15;
const FLAGS: u32 = 16;

const KNOWS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

/// W3C's own limit of a tracestate (<https://www.w3.org/TR/trace-context/#tracestate-limits>).
const LONGEST_TRACE_STATE: usize = 512;
const LONGEST_NAME: usize = 1024;
const LONGEST_MESSAGE: usize = 16 << 10;

/// All of a span but its attributes.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) place: Place,
    pub(super) parent: u64,
    pub(super) name: Vec<u8>,
    pub(super) start_unix_ns: u64,
    pub(super) end_unix_ns: u64,
    /// Encoded.
    fields: Vec<u8>,
}

/// What a span's context says.
struct Context<'py> {
    place: Place,
    is_remote: bool,
    trace_state: Option<Bound<'py, PyAny>>,
}

impl<'py> Context<'py> {
    fn of(context: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = context.py();
        let place = Place {
            trace: context.getattr(intern!(py, "trace_id"))?.extract()?,
            span: context.getattr(intern!(py, "span_id"))?.extract()?,
            flags: context.getattr(intern!(py, "trace_flags"))?.extract()?,
        };
        let is_remote = context.getattr(intern!(py, "is_remote"))?.is_truthy()?;
        let trace_state = context.getattr(intern!(py, "trace_state"))?;
        let trace_state = (!trace_state.is_none() && trace_state.len()? > 0).then_some(trace_state);
        Ok(Self { place, is_remote, trace_state })
    }

    fn write_trace_state(&self, out: &mut Vec<u8>, tag: u32, limits: &mut Limits) -> PyResult<()> {
        if let Some(state) = &self.trace_state {
            let header = state.call_method0(intern!(state.py(), "to_header"))?;
            write_text(out, tag, &header, LONGEST_TRACE_STATE, limits)?;
        }
        Ok(())
    }

    fn flags(&self, is_remote: bool) -> u32 {
        u32::from(self.place.flags) | KNOWS_REMOTE | if is_remote { IS_REMOTE } else { 0 }
    }
}

impl Head {
    /// Reads a span; `None` if OpenTelemetry's sampler left it out. Its events and links take at most `room` bytes, its
    /// status a quarter of that beside.
    pub(super) fn of(span: &Bound<'_, PyAny>, room: usize, limits: &mut Limits) -> PyResult<Option<Self>> {
        const SAMPLED: u8 = 1;
        let py = span.py();
        let context = Context::of(&span.getattr(intern!(py, "context"))?)?;
        if context.place.flags & SAMPLED == 0 {
            return Ok(None);
        }
        let mut fields = Vec::with_capacity(256);
        wire::bytes(&mut fields, 1, &context.place.trace.to_be_bytes());
        wire::bytes(&mut fields, 2, &context.place.span.to_be_bytes());
        context.write_trace_state(&mut fields, 3, limits)?;
        let parent = span.getattr(intern!(py, "parent"))?;
        let parent = if parent.is_none() { None } else { Some(Context::of(&parent)?) };
        if let Some(parent) = &parent {
            wire::bytes(&mut fields, 4, &parent.place.span.to_be_bytes());
        }
        let name = span.getattr(intern!(py, "name"))?;
        let name = text_of(&name, LONGEST_NAME, limits)?;
        wire::bytes(&mut fields, 5, &name);
        wire::number(&mut fields, 6, kind(span)?);
        let time = |name| -> PyResult<u64> { Ok(span.getattr(name)?.extract().unwrap_or(0)) };
        let start_unix_ns = time(intern!(py, "start_time"))?;
        let end_unix_ns = time(intern!(py, "end_time"))?.max(start_unix_ns);
        wire::fixed64(&mut fields, 7, start_unix_ns);
        wire::fixed64(&mut fields, 8, end_unix_ns);
        let is_remote = parent.as_ref().is_some_and(|parent| parent.is_remote);
        wire::fixed32(&mut fields, FLAGS, context.flags(is_remote));
        write_status(&mut fields, span, room / 4, limits)?;
        let end = fields.len() + room;
        let dropped = count(span, intern!(py, "dropped_events"))?;
        write_list(
            &mut fields,
            &span.getattr(intern!(py, "events"))?,
            EVENTS,
            (end, dropped),
            limits,
            event,
        )?;
        let dropped = count(span, intern!(py, "dropped_links"))?;
        write_list(&mut fields, &span.getattr(intern!(py, "links"))?, LINKS, (end, dropped), limits, link)?;
        let parent = parent.map_or(0, |parent| parent.place.span);
        Ok(Some(Self { place: context.place, parent, name, start_unix_ns, end_unix_ns, fields }))
    }

    /// Bytes of the whole span, where its attributes take so many.
    pub(super) fn size(&self, attributes: &Attributes<'_>, taken: usize, dropped: usize) -> usize {
        self.fields.len() + taken + wire::number_size(ATTRIBUTES + 1, (attributes.dropped + dropped) as u64)
    }

    /// Writes the whole span.
    pub(super) fn write(&self, out: &mut Vec<u8>, attributes: &Attributes<'_>, dropped: usize) {
        out.extend_from_slice(&self.fields);
        attributes.write(out);
        wire::number(out, ATTRIBUTES + 1, (attributes.dropped + dropped) as u64);
    }
}

/// The span's attributes.
pub(super) fn pairs<'py>(span: &Bound<'py, PyAny>) -> PyResult<Pairs<'py>> {
    let py = span.py();
    // What `attributes` stands for, without a view that is asked for each of them.
    match span.getattr_opt(intern!(py, "_attributes"))? {
        Some(attributes) => Pairs::of(&attributes),
        None => Pairs::of(&span.getattr(intern!(py, "attributes"))?),
    }
}

pub(super) fn attributes<'a>(pairs: &'a Pairs<'_>, limits: &mut Limits) -> PyResult<Attributes<'a>> {
    Attributes::new(ATTRIBUTES, pairs, limits)
}

/// How many the SDK itself left out.
pub(super) fn count(of: &Bound<'_, PyAny>, name: &Bound<'_, PyString>) -> PyResult<usize> {
    Ok(of.getattr_opt(name)?.and_then(|count| count.extract().ok()).unwrap_or(0))
}

/// OTLP counts from 1, and has 0 for what is not said.
fn kind(span: &Bound<'_, PyAny>) -> PyResult<u64> {
    let py = span.py();
    let kind = span.getattr(intern!(py, "kind"))?.getattr(intern!(py, "value"))?;
    Ok(kind.extract::<u64>().map_or(0, |kind| kind + 1))
}

fn write_status(
    out: &mut Vec<u8>,
    span: &Bound<'_, PyAny>,
    room: usize,
    limits: &mut Limits,
) -> PyResult<()> {
    let py = span.py();
    let status = span.getattr(intern!(py, "status"))?;
    if status.is_none() {
        return Ok(());
    }
    let code = status.getattr(intern!(py, "status_code"))?.getattr(intern!(py, "value"))?;
    let mut encoded = Vec::new();
    write_text(
        &mut encoded,
        2,
        &status.getattr(intern!(py, "description"))?,
        LONGEST_MESSAGE.min(room),
        limits,
    )?;
    wire::number(&mut encoded, 3, code.extract().unwrap_or(0));
    wire::bytes(out, STATUS, &encoded);
    Ok(())
}

type WriteOne = fn(&mut Vec<u8>, &Bound<'_, PyAny>, usize, &mut Limits) -> PyResult<()>;

/// Writes events or links up to `end`, and how many are missing.
fn write_list(
    out: &mut Vec<u8>,
    list: &Bound<'_, PyAny>,
    tag: u32,
    (end, dropped): (usize, usize),
    limits: &mut Limits,
    write: WriteOne,
) -> PyResult<()> {
    let mut missing = dropped;
    let mut encoded = Vec::new();
    for one in list.try_iter()? {
        let room = end.saturating_sub(out.len());
        encoded.clear();
        if room > 0 {
            write(&mut encoded, &one?, room, limits)?;
        }
        if encoded.is_empty() || encoded.len() > room {
            limits.cut = true;
            missing += 1;
        } else {
            wire::head(out, tag, encoded.len());
            out.extend_from_slice(&encoded);
        }
    }
    wire::number(out, tag + 1, missing as u64);
    Ok(())
}

fn event(out: &mut Vec<u8>, event: &Bound<'_, PyAny>, room: usize, limits: &mut Limits) -> PyResult<()> {
    let py = event.py();
    wire::fixed64(out, 1, event.getattr(intern!(py, "timestamp"))?.extract().unwrap_or(0));
    write_text(out, 2, &event.getattr(intern!(py, "name"))?, LONGEST_NAME, limits)?;
    write_attributes(out, event, 3, room, limits)
}

fn link(out: &mut Vec<u8>, link: &Bound<'_, PyAny>, room: usize, limits: &mut Limits) -> PyResult<()> {
    let context = Context::of(&link.getattr(intern!(link.py(), "context"))?)?;
    wire::bytes(out, 1, &context.place.trace.to_be_bytes());
    wire::bytes(out, 2, &context.place.span.to_be_bytes());
    context.write_trace_state(out, 3, limits)?;
    wire::fixed32(out, 6, context.flags(context.is_remote));
    write_attributes(out, link, 4, room, limits)
}

fn write_attributes(
    out: &mut Vec<u8>,
    of: &Bound<'_, PyAny>,
    tag: u32,
    room: usize,
    limits: &mut Limits,
) -> PyResult<()> {
    let py = of.py();
    let pairs = Pairs::of(&of.getattr(intern!(py, "attributes"))?)?;
    let mut attributes = Attributes::new(tag, &pairs, limits)?;
    attributes.fit(room.saturating_sub(out.len()), limits);
    attributes.write(out);
    let dropped = count(of, intern!(py, "dropped_attributes"))? + attributes.dropped;
    wire::number(out, tag + 1, dropped as u64);
    Ok(())
}

fn write_text(
    out: &mut Vec<u8>,
    tag: u32,
    value: &Bound<'_, PyAny>,
    limit: usize,
    limits: &mut Limits,
) -> PyResult<()> {
    wire::bytes(out, tag, &text_of(value, limit, limits)?);
    Ok(())
}

/// A text, cut; empty for what is none.
fn text_of(value: &Bound<'_, PyAny>, limit: usize, limits: &mut Limits) -> PyResult<Vec<u8>> {
    let Ok(text) = value.cast::<PyString>() else { return Ok(Vec::new()) };
    let text = Text::new(text, limit)?;
    let cut = text.cut(limit);
    limits.cut |= !cut.mark.is_empty();
    Ok([cut.kept, cut.mark.as_bytes()].concat())
}
