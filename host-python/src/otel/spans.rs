//! The event of a span that OpenTelemetry's SDK ended.

use super::{
    media,
    source::{self, Source, Sources},
    span::{self, Head},
    value::Limits,
};
use crate::{
    clock, current::Current, envelope::Envelope, guard::guarded, ids::Ids, process, recorder::Recorder,
    sandbox::SpanSettings,
};
use offpath_ring::LossReason;
use offpath_wire as wire;
use pyo3::{PyTraverseError, PyVisit, intern, prelude::*};
use std::sync::Arc;

/// What events of these spans name as their host.
const SOURCE: &[u8] = b"otel";
/// Ids, times, heads and lengths, which are less together.
const REST: usize = 256;

/// Fields of `offpath_core::event::Event`, `Span` and `OtelSpan`.
mod field {
    pub(super) const SOURCE: u32 = 13;
    pub(super) const SPAN: u32 = 25;
    pub(super) const NAME: u32 = 2;
    pub(super) const OTEL: u32 = 16;
    pub(super) const RESOURCE: u32 = 1;
    pub(super) const SCOPE: u32 = 2;
    pub(super) const OTLP_SPAN: u32 = 3;
    pub(super) const RESOURCE_SCHEMA_URL: u32 = 6;
    pub(super) const SCOPE_SCHEMA_URL: u32 = 7;
}

/// Writes the spans of one provider.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct OtelSpans {
    current: Arc<Current>,
    resources: Sources,
    scopes: Sources,
}

#[pymethods]
impl OtelSpans {
    #[new]
    fn new(recorder: &Bound<'_, Recorder>) -> Self {
        let current = recorder.get().current();
        Self { current, resources: Sources::default(), scopes: Sources::default() }
    }

    /// For Python's collector.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.resources.traverse(&visit)?;
        self.scopes.traverse(&visit)
    }

    /// Writes a span that has ended, unless OpenTelemetry's sampler left it out.
    fn write(&self, span: &Bound<'_, PyAny>) {
        let written = guarded(|| self.try_write(span));
        if written.is_none() {
            process::lose(LossReason::Internal);
        }
    }

    /// Whether a text among a span's attributes may have an image, audio or a file in it.
    #[staticmethod]
    fn may_hold_media(span: &Bound<'_, PyAny>) -> bool {
        guarded(|| media::may_be_in(&span::pairs(span)?)).unwrap_or(true)
    }
}

impl OtelSpans {
    fn try_write(&self, span: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = span.py();
        let shared = self.current.shared();
        let settings = shared.spans();
        if !settings.record {
            return Ok(());
        }
        let mut limits = Limits::new(settings);
        let most = process::max_event() as usize;
        let Some(head) = Head::of(span, most / 4, &mut limits)? else { return Ok(()) };
        let resource = span.getattr(intern!(py, "resource"))?;
        let resource = self.resources.of(&resource, settings, most / 8, source::resource)?;
        let scope = span.getattr(intern!(py, "instrumentation_scope"))?;
        let scope = self.scopes.of(&scope, settings, most / 8, source::scope)?;
        let Some(ids) = process::ids(clock::unix_ns()) else {
            process::lose(LossReason::Internal);
            return Ok(());
        };
        let pairs = span::pairs(span)?;
        let mut attributes = span::attributes(&pairs, &mut limits)?;
        let around = settings.common.len() + sources_size(&resource, &scope) + head.name.len() + REST;
        let dropped = span::count(span, intern!(py, "dropped_attributes"))?;
        let room = most.saturating_sub(around + head.size(&attributes, 0, dropped));
        let taken = attributes.fit(room, &mut limits);
        let size = head.size(&attributes, taken, dropped);
        let mut event = Vec::with_capacity(around + size);
        write_head(&mut event, settings, &head, ids);
        let otel = sources_size(&resource, &scope) + wire::size(field::OTLP_SPAN, size);
        let whole = wire::bytes_size(field::NAME, &head.name) + wire::size(field::OTEL, otel);
        wire::head(&mut event, field::SPAN, whole);
        wire::bytes(&mut event, field::NAME, &head.name);
        wire::head(&mut event, field::OTEL, otel);
        write_sources(&mut event, &resource, &scope);
        wire::head(&mut event, field::OTLP_SPAN, size);
        head.write(&mut event, &attributes, dropped);
        process::commit(&event, limits.cut);
        Ok(())
    }
}

fn write_head(out: &mut Vec<u8>, settings: &SpanSettings, head: &Head, ids: Ids) {
    out.extend_from_slice(&settings.common);
    wire::bytes(out, field::SOURCE, SOURCE);
    let envelope = Envelope {
        event: ids.event,
        trace: head.place.trace,
        span: head.place.span,
        parent: head.parent,
        start_unix_ns: head.start_unix_ns,
        duration_ns: head.end_unix_ns - head.start_unix_ns,
    };
    envelope.write(out);
}

fn sources_size(resource: &Source, scope: &Source) -> usize {
    wire::bytes_size(field::RESOURCE, &resource.message)
        + wire::bytes_size(field::SCOPE, &scope.message)
        + wire::bytes_size(field::RESOURCE_SCHEMA_URL, &resource.schema_url)
        + wire::bytes_size(field::SCOPE_SCHEMA_URL, &scope.schema_url)
}

fn write_sources(out: &mut Vec<u8>, resource: &Source, scope: &Source) {
    wire::bytes(out, field::RESOURCE, &resource.message);
    wire::bytes(out, field::SCOPE, &scope.message);
    wire::bytes(out, field::RESOURCE_SCHEMA_URL, &resource.schema_url);
    wire::bytes(out, field::SCOPE_SCHEMA_URL, &scope.schema_url);
}
