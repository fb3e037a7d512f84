//! An event of a span of OpenTelemetry, in the words of any other.

use offpath_core::{
    event::{Error, Event, Kind, Level, SPAN_TYPES, Span as AppSpan},
    limits,
    treatment::{MAX_TAGS, is_environment},
};
use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode};

use super::{LANGFUSE_SDK, Whole, attributes::Attributes, generation, major, metadata};

pub(super) fn fill(whole: &Whole, event: &mut Event) {
    let attributes = Attributes(&whole.span.attributes);
    let resource = Attributes(&whole.resource.attributes);
    fill_whose(attributes, event);
    fill_where(attributes, resource, event);
    let start_unix_ns = event.start_unix_ns;
    let Some(Kind::Span(told)) = &mut event.kind else { return };
    let are_json = whole.scope.name == LANGFUSE_SDK && major(&whole.scope.version) >= 5;
    if let Some(kind) = kind(attributes) {
        kind.clone_into(&mut told.r#type);
    }
    let is_of_model = matches!(told.type_name(), "generation" | "embedding");
    if let Some(generation) = generation::read(attributes, start_unix_ns, is_of_model) {
        told.generation = Some(generation);
    }
    if let Some(metadata) = metadata::read(attributes, &metadata::OBSERVATION, are_json) {
        told.metadata = Some(metadata);
    }
    if let Some(metadata) = metadata::read(attributes, &metadata::TRACE, are_json) {
        told.trace_metadata = Some(metadata);
    }
    for (text, name) in
        [(&mut told.version, "langfuse.version"), (&mut told.trace_name, "langfuse.trace.name")]
    {
        if let Some(value) = attributes.text(name) {
            value.clone_into(text);
        }
    }
    let is_true = |names: [&str; 2]| names.iter().any(|name| attributes.is_true(name));
    told.is_public |= is_true(["langfuse.trace.public", "langfuse.public"]);
    told.is_app_root |= is_true(["langfuse.internal.is_app_root", "langfuse.internal.as_root"]);
    fill_status(&whole.span, told);
}

/// What is of this span is of more weight than what is of the exchange that it is in.
fn fill_whose(attributes: Attributes<'_>, event: &mut Event) {
    let user = [
        "langfuse.user.id",
        "user.id",
        "langfuse.observation.metadata.langfuse_user_id",
        "langfuse.trace.metadata.langfuse_user_id",
        "traceloop.association.properties.user_id",
    ];
    let session = [
        "langfuse.session.id",
        "session.id",
        "gen_ai.conversation.id",
        "langfuse.observation.metadata.langfuse_session_id",
        "langfuse.trace.metadata.langfuse_session_id",
        "traceloop.association.properties.session_id",
    ];
    for (text, names) in [(&mut event.user_id, &user[..]), (&mut event.session_id, &session)] {
        if let Some(value) = attributes.first_text(names) {
            unquoted(value).clone_into(text);
        }
    }
    let names = ["langfuse.trace.tags", "langfuse.tags", "tag.tags"];
    let told = names.iter().map(|name| attributes.texts(name)).find(|tags| !tags.is_empty());
    for tag in told.unwrap_or_default() {
        if event.tags.len() < MAX_TAGS && !event.tags.contains(&tag) {
            event.tags.push(tag);
        }
    }
}

/// Since version 5, metadata of Langfuse's SDK are JSON.
fn unquoted(text: &str) -> String {
    serde_json::from_str(text).unwrap_or_else(|_| text.to_owned())
}

/// The configuration says it of the whole app. Langfuse's own attributes say it of this span; those of the resource hold where
/// the configuration says nothing.
fn fill_where(attributes: Attributes<'_>, resource: Attributes<'_>, event: &mut Event) {
    let named = |names: &[&str]| {
        let of_each = names.iter().flat_map(|name| [attributes.text(name), resource.text(name)]);
        of_each.flatten().find(|value| value.len() <= limits::MESSAGE)
    };
    let environment = named(&["langfuse.environment"]).map(str::to_lowercase);
    if let Some(environment) = environment.filter(|environment| is_environment(environment)) {
        event.environment = environment;
    } else if matches!(event.environment.as_str(), "" | "default")
        && let Some(environment) = named(&["deployment.environment.name", "deployment.environment"])
    {
        environment.clone_into(&mut event.environment);
    }
    if let Some(release) = named(&["langfuse.release"]) {
        release.clone_into(&mut event.release);
    } else if event.release.is_empty() {
        resource.text("service.version").unwrap_or_default().clone_into(&mut event.release);
    }
    if is_unknown(&event.service)
        && let Some(service) = resource.text("service.name").filter(|name| !is_unknown(name))
    {
        service.clone_into(&mut event.service);
    }
}

/// Whether it is what SDKs call a service that nobody has named.
fn is_unknown(service: &str) -> bool {
    service.is_empty() || service.starts_with("unknown_service")
}

/// What it is of; `None` if nothing says it.
fn kind(attributes: Attributes<'_>) -> Option<&'static str> {
    let by_langfuse = attributes.text("langfuse.observation.type").map(str::to_lowercase);
    let told = by_langfuse.and_then(|told| SPAN_TYPES.into_iter().find(|name| *name == told));
    told.or_else(|| by_openinference(attributes.text("openinference.span.kind")?))
        .or_else(|| by_operation(attributes.text("gen_ai.operation.name")?))
        .or_else(|| by_traceloop(attributes.text("traceloop.span.kind")?))
        .or_else(|| attributes.first_text(&["gen_ai.tool.name", "gen_ai.tool.call.id"]).map(|_| "tool"))
        .or_else(|| attributes.first_text(&generation::MODELS).map(|_| "generation"))
}

fn by_openinference(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "LLM" => "generation",
        "EMBEDDING" => "embedding",
        "CHAIN" => "chain",
        "AGENT" => "agent",
        "TOOL" => "tool",
        "RETRIEVER" | "RERANKER" => "retriever",
        "GUARDRAIL" => "guardrail",
        "EVALUATOR" => "evaluator",
        _ => return None,
    })
}

fn by_operation(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "chat" | "completion" | "text_completion" | "generate_content" | "generate" => "generation",
        "embeddings" => "embedding",
        "invoke_agent" | "create_agent" => "agent",
        "execute_tool" => "tool",
        _ => return None,
    })
}

fn by_traceloop(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "workflow" => "chain",
        "agent" => "agent",
        "tool" => "tool",
        _ => return None,
    })
}

fn fill_status(span: &Span, told: &mut AppSpan) {
    let attributes = Attributes(&span.attributes);
    let status = span.status.as_ref();
    let code = status.map_or(0, |status| status.code);
    let is_error = code == StatusCode::Error as i32;
    let level = attributes.text("langfuse.observation.level").and_then(level);
    if let Some(level) = level.or(is_error.then_some(Level::Error)) {
        told.level = level as i32;
    }
    let of_status = status.map(|status| status.message.as_str()).filter(|message| !message.is_empty());
    if let Some(message) = attributes.text("langfuse.observation.status_message").or(of_status) {
        message.clone_into(&mut told.status_message);
    }
    // What was raised and yet called right was dealt with.
    let raised = span.events.iter().rfind(|event| event.name == "exception");
    if let Some(raised) = raised.filter(|_| code != StatusCode::Ok as i32) {
        let raised = Attributes(&raised.attributes);
        let text = |name| raised.text(name).unwrap_or_default();
        told.error = Some(error(text("exception.type"), text("exception.message")));
    } else if let Some(kind) = attributes.text("error.type").filter(|_| is_error) {
        told.error.get_or_insert_with(|| error(kind, of_status.unwrap_or_default()));
    }
}

fn error(kind: &str, message: &str) -> Error {
    let most = message.floor_char_boundary(limits::MESSAGE);
    Error { r#type: kind.to_owned(), message: message[..most].to_owned() }
}

fn level(name: &str) -> Option<Level> {
    Some(match name {
        "DEFAULT" | "INFO" => Level::Default,
        "DEBUG" => Level::Debug,
        "WARNING" | "WARN" => Level::Warning,
        "ERROR" => Level::Error,
        _ => return None,
    })
}
