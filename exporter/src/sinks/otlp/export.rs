//! Spans of one service, environment and release together, and all of them as bytes.

use offpath_core::event::Event;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::InstrumentationScope,
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message as _;

use super::{Encoding, Settings, attributes::Attributes};

/// A request, span by span.
#[derive(Debug)]
pub(super) struct Export<'a> {
    settings: &'a Settings,
    /// In the order in which they were first seen.
    groups: Vec<Group<'a>>,
}

#[derive(Debug)]
struct Group<'a> {
    of: [&'a str; 3],
    spans: Vec<Span>,
}

impl<'a> Export<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        Self { settings, groups: Vec::new() }
    }

    pub(super) fn add(&mut self, event: &'a Event, span: Span) {
        let of = [event.service.as_str(), &event.environment, &event.release];
        match self.groups.iter_mut().find(|group| group.of == of) {
            Some(group) => group.spans.push(span),
            None => self.groups.push(Group { of, spans: vec![span] }),
        }
    }

    /// The type of the content, and the content.
    pub(super) fn encode(self, encoding: Encoding) -> (&'static str, Vec<u8>) {
        let resource_spans = |group| resource_spans(group, &self.settings.target.resource);
        let request = ExportTraceServiceRequest {
            resource_spans: self.groups.into_iter().map(resource_spans).collect(),
        };
        match encoding {
            Encoding::Protobuf => ("application/x-protobuf", request.encode_to_vec()),
            // Writing to memory does not fail, and keys are strings.
            Encoding::Json => ("application/json", serde_json::to_vec(&request).unwrap_or_default()),
        }
    }
}

fn resource_spans(group: Group<'_>, more: &[(&'static str, String)]) -> ResourceSpans {
    let [service, environment, release] = group.of;
    let mut attributes = Attributes::new();
    // It is the one attribute that a resource must have.
    attributes.text("service.name", if service.is_empty() { "unknown_service" } else { service });
    attributes.text("deployment.environment.name", environment);
    attributes.text("service.version", release);
    attributes.text("telemetry.sdk.name", "offpath");
    attributes.text("telemetry.sdk.language", "rust");
    attributes.text("telemetry.sdk.version", env!("CARGO_PKG_VERSION"));
    for (name, value) in more {
        attributes.text(*name, value.as_str());
    }
    let scope = InstrumentationScope {
        name: "offpath".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    };
    ResourceSpans {
        resource: Some(Resource { attributes: attributes.into_vec(), ..Resource::default() }),
        scope_spans: vec![ScopeSpans { scope: Some(scope), spans: group.spans, ..ScopeSpans::default() }],
        ..ResourceSpans::default()
    }
}
