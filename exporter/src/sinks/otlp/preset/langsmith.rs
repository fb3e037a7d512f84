//! `type = "langsmith"`: OTLP into one project, with OpenInference's names and LangSmith's own.
//! <https://docs.langchain.com/langsmith/trace-with-opentelemetry>

use offpath_core::config::Table;

use super::{
    super::{attributes::Attributes, observation::Observation},
    Target, address, needed, text,
};
use crate::config::Environment;

pub(super) fn target(table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Target> {
    let endpoint =
        address(table, "endpoint", (env, &[]), Some("https://api.smith.langchain.com"), "/otel/v1/traces");
    let key = needed(table, "api_key", env, "LANGSMITH_API_KEY");
    let project = text(table, "project", env, "LANGSMITH_PROJECT");
    let target = Target::new(endpoint?).header("x-api-key", key?.expose());
    Some(match project {
        Some(project) => target.header("langsmith-project", project),
        None => target,
    })
}

pub(in super::super) fn add(attributes: &mut Attributes, observed: &Observation<'_>) {
    attributes.text("langsmith.span.kind", kind(observed.kind));
    attributes.text("langsmith.trace.session_id", observed.event.session_id.as_str());
    attributes.text("langsmith.span.tags", observed.event.tags.join(","));
    let user = observed.event.user_id.as_str();
    attributes.text("langsmith.metadata.user_id", user);
    for (key, value) in observed.metadata_by_key() {
        if user.is_empty() || key != "user_id" {
            attributes.text(format!("langsmith.metadata.{key}"), value);
        }
    }
}

/// A type of run for each type of span.
fn kind(kind: &str) -> &'static str {
    match kind {
        "generation" => "llm",
        "embedding" => "embedding",
        "tool" => "tool",
        "retriever" => "retriever",
        _ => "chain",
    }
}
