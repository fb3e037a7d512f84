//! What users configure of it.

use offpath_core::config::Table;

use crate::{config::Environment, delivery};

/// Whose names attributes have, and where spans go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// OpenTelemetry's own: `type = "otlp"`.
    Otlp,
    /// <https://langfuse.com/integrations/native/opentelemetry>
    Langfuse,
    /// <https://arize.com/docs/phoenix>
    Phoenix,
    /// <https://mlflow.org/docs/latest/genai/tracing/>
    Mlflow,
    /// <https://docs.langchain.com/langsmith/trace-with-opentelemetry>
    Langsmith,
    /// <https://axiom.co/docs/send-data/opentelemetry>
    Axiom,
    /// <https://www.jaegertracing.io/docs/latest/apis/>
    Jaeger,
}

impl Preset {
    /// The one that a sink's type names.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "otlp" => Self::Otlp,
            "langfuse" => Self::Langfuse,
            "phoenix" => Self::Phoenix,
            "mlflow" => Self::Mlflow,
            "langsmith" => Self::Langsmith,
            "axiom" => Self::Axiom,
            "jaeger" => Self::Jaeger,
            _ => return None,
        })
    }
}

/// `[sinks.<name>]` with one of these types.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which of them.
    pub preset: Preset,
    /// What all sinks over HTTP have.
    pub delivery: delivery::Settings,
}

impl Settings {
    pub(crate) fn read(preset: Preset, table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Self> {
        Some(Self { preset, delivery: delivery::Settings::read(table, env)? })
    }
}
