//! `type = "langfuse"`: its endpoint for OTLP, its names, and its API for scores.
//!
//! Names are those of `packages/shared/src/server/otel/attributes.ts` in <https://github.com/langfuse/langfuse>, and what
//! it makes of them is in `OtelIngestionProcessor.ts` beside that. It refuses a whole request for one span without valid
//! ids, and takes values only as text, numbers, truth values and lists of them: what has a structure goes as JSON.

mod score;
mod sdk;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use offpath_core::{
    config::Table,
    event::{Generation, Level},
};

pub use self::sdk::Projects;
pub(in super::super) use self::{
    score::scores,
    sdk::{Signature, signed},
};
use super::{
    super::{attributes::Attributes, content, observation::Observation},
    Scores, Target, address, needed,
};
use crate::{config::Environment, event_json, usage::Usage};

pub(super) fn target(table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Target> {
    let variables = ["LANGFUSE_BASE_URL", "LANGFUSE_HOST"];
    let base = address(table, "base_url", (env, &variables), Some("https://cloud.langfuse.com"), "");
    let public = needed(table, "public_key", env, "LANGFUSE_PUBLIC_KEY");
    let secret = needed(table, "secret_key", env, "LANGFUSE_SECRET_KEY");
    let (base, public) = (base?, public?);
    let base = base.trim_end_matches('/');
    let keys = STANDARD.encode(format!("{}:{}", public.expose(), secret?.expose()));
    let mut target = Target::new(format!("{base}/api/public/otel/v1/traces"))
        .header("authorization", format!("Basic {keys}"))
        // Shown at once, not after minutes.
        .header("x-langfuse-ingestion-version", "4")
        .header("x-langfuse-sdk-name", "offpath")
        .header("x-langfuse-sdk-version", env!("CARGO_PKG_VERSION"));
    target.scores = Some(Scores::Langfuse(format!("{base}/api/public/scores")));
    target.projects = Some(Projects { own: public, others: Vec::new() });
    Some(target)
}

/// All that Langfuse has a place for.
pub(in super::super) fn add(attributes: &mut Attributes, observed: &Observation<'_>) {
    add_observation(attributes, observed);
    add_of_trace(attributes, observed);
}

/// It filters and sums by what each span says, so that what is of the trace is said of each.
pub(in super::super) fn add_of_trace(attributes: &mut Attributes, observed: &Observation<'_>) {
    let event = observed.event;
    attributes.text("langfuse.trace.name", observed.trace_name.as_ref());
    attributes.texts("langfuse.trace.tags", event.tags.iter().map(String::as_str));
    attributes.text("langfuse.environment", environment(&event.environment));
    attributes.text("langfuse.release", event.release.as_str());
    attributes.text("langfuse.version", observed.version);
    if observed.is_public {
        attributes.flag("langfuse.trace.public", true);
    }
    if observed.is_app_root {
        attributes.flag("langfuse.internal.is_app_root", true);
    }
}

pub(in super::super) fn add_observation(attributes: &mut Attributes, observed: &Observation<'_>) {
    attributes.text("langfuse.observation.type", observed.kind);
    attributes.text("langfuse.observation.input", observed.input.as_deref().unwrap_or_default());
    attributes.text("langfuse.observation.output", observed.output.as_deref().unwrap_or_default());
    add_level(attributes, observed);
    for (key, value) in observed.metadata_by_key() {
        attributes.text(format!("langfuse.observation.metadata.{key}"), value);
    }
    for (key, value) in observed.trace_metadata_by_key() {
        attributes.text(format!("langfuse.trace.metadata.{key}"), value);
    }
    if let Some(generation) = observed.generation {
        add_generation(attributes, observed.event.start_unix_ns, generation);
    }
}

pub(in super::super) fn add_level(attributes: &mut Attributes, observed: &Observation<'_>) {
    attributes.text("langfuse.observation.level", level(observed.level));
    attributes.text("langfuse.observation.status_message", observed.status_message);
}

pub(in super::super) fn add_cost(attributes: &mut Attributes, generation: &Generation) {
    attributes.text("langfuse.observation.cost_details", Usage::of_cost(generation).to_json());
}

fn add_generation(attributes: &mut Attributes, start_unix_ns: u64, generation: &Generation) {
    attributes.text("langfuse.observation.model.name", generation.model());
    if content::is_json(&generation.parameters) {
        attributes.text("langfuse.observation.model.parameters", generation.parameters.as_str());
    }
    attributes.text("langfuse.observation.usage_details", Usage::of_tokens(generation).to_json());
    add_cost(attributes, generation);
    if let Some(first_token_ns) = generation.first_token_ns {
        let time = event_json::time(start_unix_ns.saturating_add(first_token_ns));
        attributes.text("langfuse.observation.completion_start_time", time.to_string());
    }
    attributes.text("langfuse.observation.prompt.name", generation.prompt_name.as_str());
    if generation.prompt_version != 0 {
        attributes.int("langfuse.observation.prompt.version", generation.prompt_version.into());
    }
}

/// What is as usual need not be said.
fn level(level: Level) -> &'static str {
    if level == Level::Default { "" } else { level.name() }
}

/// As Langfuse would have it: at most 40 of a-z, 0-9, "-" and "_", and not one of its own. What it cannot read it would
/// take for `default`.
pub(super) fn environment(name: &str) -> String {
    const MOST: usize = 40;
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    let lower = name.to_lowercase();
    let mut rest = lower.as_str();
    while let Some(own) = rest.strip_prefix("langfuse") {
        rest = own.trim_start_matches(['-', '_']);
    }
    rest.chars().map(allowed).take(MOST).collect()
}
