//! Spans of OpenTelemetry: what its SDK ended, written as one event each, with no copy of it in between.
//!
//! ```text
//! python/offpath/otel_processor.py, langfuse_provider.py ──> spans.rs ──> process.rs ──> the ring
//!                                        a ReadableSpan        │ the event
//!                                                              ├─> span.rs        Span, Event, Link and Status of OTLP
//!                                                              ├─> attributes.rs  KeyValue, and what they come to
//!                                                              ├─> value.rs       AnyValue of whatever Python has
//!                                                              ├─> text.rs        strings, and where they are cut
//!                                                              └─> source.rs      Resource and InstrumentationScope, once
//! ```
//!
//! What it costs follows `[spans] attribute`, and not the size of what the app attached. No method of a class that is not
//! OpenTelemetry's or Python's own is called: a `__repr__` that raises or blocks does no harm.

mod attributes;
pub(crate) mod media;
mod source;
mod span;
pub(crate) mod spans;
mod text;
mod value;

use crate::{clock, process};
use pyo3::prelude::*;

/// A random id of a trace, for OpenTelemetry's generator of them; 0 if the kernel gives no randomness.
#[pyfunction]
pub(crate) fn random_trace_id() -> u128 {
    process::ids(clock::unix_ns()).map_or(0, |ids| ids.trace)
}

/// A random id of a span, likewise.
#[pyfunction]
pub(crate) fn random_span_id() -> u64 {
    process::ids(clock::unix_ns()).map_or(0, |ids| ids.span)
}
