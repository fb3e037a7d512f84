//! Spans of one resource and scope together, and all of them as bytes.
//!
//! The exporter's own are of one service, environment and release. Those of OpenTelemetry SDKs have a resource and a scope of
//! their own.

use offpath_core::event::{Event, OtelSpan};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
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

/// Spans of one resource.
#[derive(Debug)]
struct Group<'a> {
    of: Of<'a>,
    scopes: Vec<InScope<'a>>,
}

/// What a resource is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of<'a> {
    /// Service, environment and release.
    Own([&'a str; 3]),
    /// A `Resource`, encoded; its schema; and the service, where the resource names none.
    Given { resource: &'a [u8], schema_url: &'a str, service: &'a str },
}

/// Spans of one of its scopes.
#[derive(Debug)]
struct InScope<'a> {
    /// An `InstrumentationScope`, encoded, and its schema; `None`: the exporter's.
    of: Option<(&'a [u8], &'a str)>,
    spans: Vec<Span>,
}

impl<'a> Export<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        Self { settings, groups: Vec::new() }
    }

    pub(super) fn add(&mut self, event: &'a Event, span: Span) {
        let of = Of::Own([event.service.as_str(), &event.environment, &event.release]);
        self.put(of, None, span);
    }

    /// The same, of a span of OpenTelemetry.
    pub(super) fn add_whole(&mut self, event: &'a Event, otel: &'a OtelSpan, span: Span) {
        let (resource, schema_url) = (otel.resource.as_slice(), otel.resource_schema_url.as_str());
        let of = Of::Given { resource, schema_url, service: &event.service };
        self.put(of, Some((&otel.scope, &otel.scope_schema_url)), span);
    }

    fn put(&mut self, of: Of<'a>, scope: Option<(&'a [u8], &'a str)>, span: Span) {
        let place = self.groups.iter().position(|group| group.of == of).unwrap_or_else(|| {
            self.groups.push(Group { of, scopes: Vec::new() });
            self.groups.len() - 1
        });
        let scopes = &mut self.groups[place].scopes;
        match scopes.iter_mut().find(|known| known.of == scope) {
            Some(known) => known.spans.push(span),
            None => scopes.push(InScope { of: scope, spans: vec![span] }),
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
    let (resource, schema_url) = match group.of {
        Of::Own(of) => (own_resource(of, more), ""),
        Of::Given { resource, schema_url, service } => {
            // What is none was found out to be none at the intake.
            let resource = Resource::decode(resource).unwrap_or_default();
            (completed(resource, service, more), schema_url)
        }
    };
    let scope_spans = group.scopes.into_iter().map(|scope| {
        let given = scope.of.map(|(of, _)| InstrumentationScope::decode(of).unwrap_or_default());
        ScopeSpans {
            scope: Some(given.unwrap_or_else(own_scope)),
            spans: scope.spans,
            schema_url: scope.of.map_or("", |(_, url)| url).to_owned(),
        }
    });
    ResourceSpans {
        resource: Some(resource),
        scope_spans: scope_spans.collect(),
        schema_url: schema_url.to_owned(),
    }
}

fn own_resource([service, environment, release]: [&str; 3], more: &[(&'static str, String)]) -> Resource {
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
    Resource { attributes: attributes.into_vec(), ..Resource::default() }
}

fn own_scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "offpath".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

/// A resource as it is, with what the sink adds to each, and with the service where an SDK did not know it.
fn completed(mut resource: Resource, service: &str, more: &[(&'static str, String)]) -> Resource {
    let service = if service.is_empty() { "unknown_service" } else { service };
    let is_unknown = |pair: &&mut KeyValue| match pair.value.as_ref().and_then(|any| any.value.as_ref()) {
        Some(Value::StringValue(name)) => name.is_empty() || name.starts_with("unknown_service"),
        _ => true,
    };
    let text = |value: &str| Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) });
    let attributes = &mut resource.attributes;
    if let Some(unknown) = attributes.iter_mut().find(|pair| pair.key == "service.name").filter(is_unknown) {
        unknown.value = text(service);
    }
    let more = more.iter().map(|(name, value)| (*name, value.as_str()));
    for (name, value) in more.chain([("service.name", service)]) {
        if attributes.iter().all(|pair| pair.key != name) {
            attributes.push(KeyValue { key: name.to_owned(), value: text(value), ..KeyValue::default() });
        }
    }
    resource
}
