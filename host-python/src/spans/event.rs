//! A span that has ended, as an event.
//!
//! ```text
//! Event = input (25: Span {3})  the buffer that the input was written to
//!         common                 what the configuration says, from the sandbox
//!         11 12 13               environment and release, where the app says others; source "sdk"
//!         2 … 9                  ids and times
//!         18 19 20               whose it is
//!         25: Span               all else that is known of it
//!         25: Span {4} {7} {14}  output, metadata, metadata of the trace
//! ```
//!
//! `filter/core/src/event.rs` defines the layout. The parts of one message come in several, which Protocol Buffers merge, so
//! that input and output are written once, and copied once: into the ring.

use super::{
    body::{self, SPAN},
    frame,
    generation::Generation,
    inner::{Inner, State},
    told::Fields,
};
use crate::{envelope::Envelope, process};
use offpath_wire as wire;

const ENVIRONMENT: u32 = 11;
const RELEASE: u32 = 12;
const SOURCE: u32 = 13;

const TYPE: u32 = 1;
const NAME: u32 = 2;
const LEVEL: u32 = 5;
const STATUS_MESSAGE: u32 = 6;
const VERSION: u32 = 8;
const TRACE_NAME: u32 = 10;
const IS_APP_ROOT: u32 = 11;
const ERROR: u32 = 12;
const ENDING: u32 = 13;
const IS_PUBLIC: u32 = 15;
const ERROR_TYPE: u32 = 1;
const ERROR_MESSAGE: u32 = 2;

/// The event's own fields, and those of what it is about.
const REST: usize = 512;

/// How a span came to its end; `Ending` of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Ended = 0,
    Abandoned = 1,
    Exit = 2,
}

fn write_common(out: &mut Vec<u8>, inner: &Inner, environment: &str) {
    let settings = &inner.settings;
    let environment = if environment.is_empty() { &settings.environment } else { environment };
    common(out, &inner.shared.spans().common, environment, &settings.release);
}

/// Whose it is by the configuration, and by what the app says instead.
pub(super) fn common(out: &mut Vec<u8>, configured: &[u8], environment: &str, release: &str) {
    out.extend_from_slice(configured);
    wire::bytes(out, ENVIRONMENT, environment.as_bytes());
    wire::bytes(out, RELEASE, release.as_bytes());
    wire::bytes(out, SOURCE, b"sdk");
}

/// Commits a span's event, to which its output, and before it its input, may have been written already.
pub(super) fn commit(mut out: Vec<u8>, inner: &Inner, state: &State, duration_ns: u64, ending: Ending) {
    out.reserve(REST + inner.shared.spans().common.len() + state.output.len());
    let propagated = state.propagated.as_deref();
    let mut fields = propagated.map(|propagated| propagated.fields.clone()).unwrap_or_default();
    if !inner.told.is_empty() {
        fields.overlay(&inner.told.now(), false);
    }
    let envelope = Envelope {
        event: inner.event,
        trace: inner.place.trace,
        span: inner.place.span,
        parent: inner.parent,
        start_unix_ns: inner.start_unix_ns,
        duration_ns,
    };
    write_common(&mut out, inner, propagated.map_or("", |propagated| &propagated.environment));
    envelope.write(&mut out);
    fields.write_identity(&mut out);
    write_span(&mut out, inner, state, &fields, ending);
    out.extend_from_slice(&state.output);
    if !state.metadata.is_empty() {
        body::write_json(&mut out, body::METADATA, &state.metadata.json());
    }
    fields.write_metadata(&mut out, body::TRACE_METADATA);
    process::commit(&out, state.cut);
}

fn write_span(out: &mut Vec<u8>, inner: &Inner, state: &State, fields: &Fields, ending: Ending) {
    let span = frame::open(out, SPAN);
    wire::bytes(out, TYPE, state.kind.as_bytes());
    wire::bytes(out, NAME, state.name.as_bytes());
    wire::number(out, LEVEL, state.level as u64);
    wire::bytes(out, STATUS_MESSAGE, state.status_message.as_bytes());
    let version = if state.version.is_empty() { &fields.version } else { &state.version };
    wire::bytes(out, VERSION, version.as_bytes());
    let propagated = state.propagated.as_deref().and_then(|propagated| propagated.prompt.as_ref());
    let is_of_model = matches!(state.kind, "generation" | "embedding");
    match &state.generation {
        Some(generation) => generation.write(out, inner.start_unix_ns, propagated),
        None if is_of_model => {
            Generation::default().write(out, inner.start_unix_ns, propagated);
        }
        None => {}
    }
    wire::bytes(out, TRACE_NAME, fields.trace_name.as_bytes());
    wire::number(out, IS_APP_ROOT, inner.is_app_root.into());
    if let Some((class, message)) = &state.error {
        let error = frame::open(out, ERROR);
        wire::bytes(out, ERROR_TYPE, class.as_bytes());
        wire::bytes(out, ERROR_MESSAGE, message.as_bytes());
        frame::close(out, error);
    }
    wire::number(out, ENDING, ending as u64);
    wire::number(out, IS_PUBLIC, fields.is_public.into());
    frame::close(out, span);
}
