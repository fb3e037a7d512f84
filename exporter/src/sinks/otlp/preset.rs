//! The presets: each says where spans go, with what headers, and what its backend reads beside OpenTelemetry's own names.

mod axiom;
mod collector;
mod jaeger;
pub(super) mod langfuse;
pub(super) mod langsmith;
pub(super) mod mlflow;
pub(super) mod phoenix;

pub use self::langfuse::Projects;
use offpath_core::{
    config::Table,
    event::{Event, Score},
};

use crate::{
    config::{Environment, Secret},
    delivery,
};

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

/// Where requests go, and what goes with all of them.
#[derive(Debug, Clone)]
pub struct Target {
    /// The address that takes spans.
    pub traces: String,
    /// Where scores go, if they have an address of their own.
    pub scores: Option<Scores>,
    /// Headers, among them what tells who sends.
    pub headers: Vec<(&'static str, Secret)>,
    /// Attributes of each resource.
    pub resource: Vec<(&'static str, String)>,
    /// Of Langfuse: which projects there are.
    pub projects: Option<Projects>,
}

/// What takes scores by themselves.
#[derive(Debug, Clone)]
pub enum Scores {
    /// Langfuse's API for scores: its address.
    Langfuse(String),
    /// Phoenix's API for annotations: where its paths begin.
    Phoenix(String),
}

/// A score with its event, and the event's place among those that are sent.
pub(super) type Placed<'a> = (usize, &'a Event, &'a Score);

/// A request that is no OTLP.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) url: String,
    pub(super) body: Vec<u8>,
    pub(super) events: Vec<usize>,
}

impl Target {
    fn new(traces: String) -> Self {
        Self { traces, scores: None, headers: Vec::new(), resource: Vec::new(), projects: None }
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, Secret::new(value.into())));
        self
    }
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

    /// Whether its backend is there to look at what models were asked and answered. There, a trace is a conversation: it
    /// gets bodies, and nothing that is none.
    pub(super) fn is_for_models(self) -> bool {
        match self {
            Self::Langfuse | Self::Phoenix | Self::Mlflow | Self::Langsmith => true,
            Self::Otlp | Self::Axiom | Self::Jaeger => false,
        }
    }

    pub(super) fn target(self, table: &mut Table<'_, '_>, env: Environment<'_>) -> Option<Target> {
        match self {
            Self::Otlp => collector::target(table, env),
            Self::Langfuse => langfuse::target(table, env),
            Self::Phoenix => phoenix::target(table, env),
            Self::Mlflow => mlflow::target(table, env),
            Self::Langsmith => langsmith::target(table, env),
            Self::Axiom => axiom::target(table, env),
            Self::Jaeger => jaeger::target(table),
        }
    }
}

/// The path at which receivers of OTLP take spans.
const TRACES: &str = "/v1/traces";

/// The address at `key`; else the first of the environment's variables that is set; else `default`. If its path is empty,
/// `path` is added. `None`, and an error, if there is none, or it is none.
fn address(
    table: &mut Table<'_, '_>,
    key: &'static str,
    (env, variables): (Environment<'_>, &[&str]),
    default: Option<&str>,
    path: &str,
) -> Option<String> {
    let set = variables.iter().filter(|_| !table.has(key)).find_map(|name| Some((name, env(name)?)));
    if let Some((name, value)) = &set
        && !is_address(value)
    {
        table.refuse(key, &format!("is not set, and the environment variable {name} holds no address"), None);
        return known(table, key, None);
    }
    let url = delivery::url(table, key, set.as_ref().map(|(_, value)| value.as_str()).or(default))?;
    let is_bare = url.path() == "/" && url.query().is_none();
    Some(if is_bare { format!("{}{path}", url.as_str().trim_end_matches('/')) } else { url.into() })
}

fn is_address(text: &str) -> bool {
    let url = reqwest::Url::parse(text);
    url.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.username().is_empty())
}

/// The text at `key`, or the environment's variable.
fn text(
    table: &mut Table<'_, '_>,
    key: &'static str,
    env: Environment<'_>,
    variable: &str,
) -> Option<String> {
    if table.has(key) { table.text(key).map(str::to_owned) } else { known(table, key, env(variable)) }
}

/// The secret at `key`, or the environment's variable.
fn secret(
    table: &mut Table<'_, '_>,
    key: &'static str,
    env: Environment<'_>,
    variable: &str,
) -> Option<Secret> {
    if table.has(key) { Secret::read(table, key) } else { known(table, key, env(variable).map(Secret::new)) }
}

/// As [`secret`], and an error if there is none.
fn needed(
    table: &mut Table<'_, '_>,
    key: &'static str,
    env: Environment<'_>,
    variable: &str,
) -> Option<Secret> {
    let found = secret(table, key, env, variable);
    if found.is_none() && !table.has(key) {
        table.refuse(key, &format!("is needed, here or as the environment variable {variable}"), None);
    }
    found
}

/// What is not read from the table is still a key of it.
fn known<T>(table: &mut Table<'_, '_>, key: &'static str, value: T) -> T {
    table.leave(&[key]);
    value
}
