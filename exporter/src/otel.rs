//! Spans of OpenTelemetry SDKs, which events carry whole: what is in one, and what its attributes say.
//!
//! ```text
//! Event.Span.otel ─> Whole: Resource, InstrumentationScope, Span of OTLP
//!   take:  input and output, which leave the attributes for the event's bodies   said
//!   fill:  what else the attributes say, in the event's own words                fill, generation, metadata
//!   json:  attributes as JSON, and back
//! ```
//!
//! Attributes are by the names of Langfuse's SDK, of OpenTelemetry's conventions for generative AI, of OpenInference and of
//! OpenLLMetry, in that order: <https://github.com/langfuse/langfuse>, `packages/shared/src/server/otel`,
//! <https://github.com/open-telemetry/semantic-conventions-genai>,
//! <https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md>,
//! <https://github.com/traceloop/openllmetry>.

mod attributes;
mod fill;
mod generation;
pub(crate) mod json;
mod metadata;
mod said;

use offpath_core::event::{Event, OtelSpan, Span as AppSpan};
use opentelemetry_proto::tonic::{common::v1::InstrumentationScope, resource::v1::Resource, trace::v1::Span};
use prost::{DecodeError, Message as _};

pub(crate) use self::{attributes::Attributes, said::is_content};

/// The scope of spans of Langfuse's own SDK.
pub(crate) const LANGFUSE_SDK: &str = "langfuse-sdk";
/// The attribute of that scope that says of which project its spans are.
pub(crate) const PUBLIC_KEY: &str = "public_key";

/// A span of an OpenTelemetry SDK, decoded.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Whole {
    pub(crate) resource: Resource,
    pub(crate) scope: InstrumentationScope,
    pub(crate) span: Span,
}

impl Whole {
    /// Reads all of it, or nothing.
    pub(crate) fn decode(otel: &OtelSpan) -> Result<Self, DecodeError> {
        Ok(Self {
            resource: Resource::decode(otel.resource.as_slice())?,
            scope: InstrumentationScope::decode(otel.scope.as_slice())?,
            span: Span::decode(otel.span.as_slice())?,
        })
    }

    /// Writes it back, but for what the event has in places of its own: ids, times and the name.
    pub(crate) fn encode(mut self, otel: &mut OtelSpan) {
        let span = &mut self.span;
        (span.trace_id, span.span_id, span.parent_span_id) = Default::default();
        (span.start_time_unix_nano, span.end_time_unix_nano) = (0, 0);
        span.name.clear();
        otel.resource = self.resource.encode_to_vec();
        otel.scope = self.scope.encode_to_vec();
        otel.span = self.span.encode_to_vec();
    }

    /// Moves what went in and what came out from the attributes to where each span has it, so that it is there once, and is
    /// treated as it is of any other.
    pub(crate) fn take_said(&mut self, told: &mut AppSpan, otel: &mut OtelSpan) {
        said::take(&mut self.span, told, otel);
    }

    /// Says in the event's own words what the attributes say. They must have been treated.
    pub(crate) fn fill(&self, event: &mut Event) {
        fill::fill(self, event);
    }
}

/// The major version that a scope's version begins with; 0 if it says none.
pub(crate) fn major(version: &str) -> u32 {
    version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0)
}
