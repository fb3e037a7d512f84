//! OpenInference's names, which Phoenix shows, and MLflow and LangSmith translate.
//! Source: <https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md>.

mod messages;

use offpath_core::event::Generation;

use super::{attributes::Attributes, content, observation::Observation};
use crate::usage::Usage;

pub(super) fn add(attributes: &mut Attributes, observed: &Observation<'_>) {
    attributes.text("openinference.span.kind", kind(observed.kind));
    let said = [
        ("input.value", "input.mime_type", &observed.input),
        ("output.value", "output.mime_type", &observed.output),
    ];
    for (name, mime_type, text) in said {
        if let Some(text) = text {
            attributes
                .text(mime_type, if content::is_json(text) { "application/json" } else { "text/plain" });
            attributes.text(name, text.as_ref());
        }
    }
    attributes.texts("tag.tags", observed.event.tags.iter().map(String::as_str));
    attributes.text("metadata", observed.metadata().unwrap_or_default());
    let is_embedding = observed.kind == "embedding";
    if let Some(generation) = observed.generation {
        add_model(attributes, generation, is_embedding);
        add_amounts(attributes, generation);
    }
    match observed.conversation {
        Some(generation) if is_embedding => messages::add_embedded(attributes, generation),
        Some(generation) => messages::add(attributes, generation),
        None => {}
    }
}

fn kind(kind: &str) -> &'static str {
    match kind {
        "generation" => "LLM",
        "embedding" => "EMBEDDING",
        "agent" => "AGENT",
        "tool" => "TOOL",
        "retriever" => "RETRIEVER",
        "guardrail" => "GUARDRAIL",
        "evaluator" => "EVALUATOR",
        _ => "CHAIN",
    }
}

/// Phoenix and MLflow look for the model by the first name; of an embedding, those that go by the conventions by the second.
fn add_model(attributes: &mut Attributes, generation: &Generation, is_embedding: bool) {
    attributes.text("llm.model_name", generation.model());
    let parameters = Some(generation.parameters.as_str()).filter(|text| content::is_json(text));
    if is_embedding {
        attributes.text("embedding.model_name", generation.model());
        attributes.text("embedding.invocation_parameters", parameters.unwrap_or_default());
        return;
    }
    let (system, provider) = system_and_provider(&generation.system);
    attributes.text("llm.system", system);
    attributes.text("llm.provider", provider);
    attributes.text("llm.invocation_parameters", parameters.unwrap_or_default());
    attributes.text("llm.finish_reason", generation.finish_reasons.first().map_or("", String::as_str));
}

/// Whose API it is, and whose machines, by the names that OpenInference has for them. They are not those of OpenTelemetry.
fn system_and_provider(system: &str) -> (&str, &str) {
    match system {
        "azure.ai.openai" => ("openai", "azure"),
        "gcp.gemini" | "gcp.gen_ai" => (system, "google"),
        "gcp.vertex_ai" => ("vertexai", "google"),
        "aws.bedrock" => (system, "aws"),
        "mistral_ai" => ("mistralai", "mistralai"),
        "x_ai" => (system, "xai"),
        _ => (system, system),
    }
}

fn add_amounts(attributes: &mut Attributes, generation: &Generation) {
    let usage = Usage::of_tokens(generation);
    for (name, tokens) in [
        ("llm.token_count.prompt", usage.input()),
        ("llm.token_count.completion", usage.output()),
        ("llm.token_count.total", usage.total()),
        ("llm.token_count.prompt_details.cache_read", usage.cache_read()),
        ("llm.token_count.prompt_details.cache_write", usage.cache_write()),
        ("llm.token_count.prompt_details.audio", usage.audio_input()),
        ("llm.token_count.completion_details.reasoning", usage.reasoning()),
        ("llm.token_count.completion_details.audio", usage.audio_output()),
    ] {
        if let Some(tokens) = tokens {
            attributes.int(name, tokens);
        }
    }
    add_cost(attributes, generation);
}

pub(super) fn add_cost(attributes: &mut Attributes, generation: &Generation) {
    let cost = Usage::of_cost(generation);
    for (name, usd) in [
        ("llm.cost.prompt", cost.input()),
        ("llm.cost.completion", cost.output()),
        ("llm.cost.total", generation.cost_usd()),
    ] {
        if let Some(usd) = usd {
            attributes.number(name, usd);
        }
    }
}
