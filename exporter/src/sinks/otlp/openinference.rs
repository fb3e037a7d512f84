//! OpenInference's names, which Phoenix shows, and MLflow and LangSmith translate.
//! Source: <https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md>.

use offpath_core::event::Generation;

use super::{attributes::Attributes, content, observation::Observation, usage::Usage};

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
    if let Some(generation) = observed.generation {
        add_generation(attributes, generation);
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

fn add_generation(attributes: &mut Attributes, generation: &Generation) {
    attributes.text("llm.model_name", generation.model());
    attributes.text("llm.system", generation.system.as_str());
    attributes.text("llm.provider", generation.system.as_str());
    if content::is_json(&generation.parameters) {
        attributes.text("llm.invocation_parameters", generation.parameters.as_str());
    }
    attributes.text("llm.finish_reason", generation.finish_reasons.first().map_or("", String::as_str));
    let usage = Usage::of_tokens(generation);
    for (name, tokens) in [
        ("llm.token_count.prompt", usage.input()),
        ("llm.token_count.completion", usage.output()),
        ("llm.token_count.total", usage.total()),
        ("llm.token_count.prompt_details.cache_read", usage.cache_read()),
        ("llm.token_count.prompt_details.cache_write", usage.cache_write()),
        ("llm.token_count.completion_details.reasoning", usage.reasoning()),
    ] {
        if let Some(tokens) = tokens {
            attributes.int(name, tokens);
        }
    }
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
