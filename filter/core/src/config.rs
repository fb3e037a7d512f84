//! What users configure: the `[service]`, `[capture]` and `[[rule]]` of offpath.toml, or JSON of the same shape.
//!
//! Configuration is taken whole or refused whole: [`Config::from_json`] gathers every error, each naming the field,
//! the rule that it breaks and the value it had.

mod capture;
mod check;
mod egress;
mod expression;
mod host;
mod identity;
mod matching;
mod outbound;
mod redact;
mod sample;
mod service;
mod spans;
mod version;
mod warnings;

use self::capture::Sought;
pub(crate) use self::capture::{Rule, Settings};
pub use self::{
    check::{Error, Table, Value, shown},
    egress::EgressSettings,
    host::HostSettings,
    service::Service,
    spans::SpanSettings,
};

use crate::{
    event::{self, Event},
    sight::Sights,
};

/// Tables of offpath.toml that belong to the exporter, which checks its own.
const OF_OTHERS: &[&str] = &["exporter", "intake", "sinks"];

/// Checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Whose exchanges these are.
    pub service: Service,
    /// What the host of the core is to provide.
    pub host: HostSettings,
    /// How events leave Envoy.
    pub egress: EgressSettings,
    /// What is kept of what the app itself tells.
    pub spans: SpanSettings,
    pub(crate) base: Settings,
    pub(crate) rules: Vec<Rule>,
    pub(crate) sights: Sights,
    /// What was configured of it.
    max_memory: Option<u32>,
    scope: Vec<String>,
    version: String,
}

impl Default for Config {
    fn default() -> Self {
        let nothing = Value::Object(serde_json::Map::new());
        Self::assembled(Parts::default(), &Sought::default(), &nothing)
    }
}

/// What is read of it, before the rules are made ready.
#[derive(Default)]
struct Parts {
    service: Service,
    host: HostSettings,
    egress: EgressSettings,
    spans: SpanSettings,
    base: capture::Spec,
    rules: Vec<capture::RuleSpec>,
    max_memory: Option<u32>,
}

impl Config {
    /// Reads configuration that is JSON.
    ///
    /// # Errors
    ///
    /// As for [`Self::from_json`].
    pub fn from_text(json: &[u8]) -> Result<Self, Vec<Error>> {
        let value = serde_json::from_slice(json).map_err(|error| {
            let rule = format!("must be JSON: {error}");
            vec![Error { field: "the configuration".to_owned(), rule, value: String::new() }]
        })?;
        Self::from_json(&value)
    }

    /// Reads configuration of any origin. Missing settings have their defaults; `{}` is valid.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, in the order of the settings. Never empty.
    pub fn from_json(json: &Value) -> Result<Self, Vec<Error>> {
        let mut errors = Vec::new();
        let mut sought = Sought::default();
        let parts = Parts::read(json, &mut sought, &mut errors);
        match parts {
            Some(parts) if errors.is_empty() => Ok(Self::assembled(parts, &sought, json)),
            _ => Err(errors),
        }
    }

    fn assembled(parts: Parts, sought: &Sought, json: &Value) -> Self {
        let base = parts.base.settings(&sought.wanted);
        let settled = |rule: capture::RuleSpec| rule.settled((&parts.base, &base), &sought.wanted);
        let rules: Vec<_> = parts.rules.into_iter().map(settled).collect();
        Self {
            service: parts.service,
            host: parts.host,
            egress: parts.egress,
            spans: parts.spans,
            base,
            sights: Sights::new(rules.iter().map(|rule| &rule.conditions)),
            rules,
            max_memory: parts.max_memory,
            scope: sought.scope.clone(),
            version: version::of(json),
        }
    }

    /// The fields that all events of spans and scores have in common, encoded, but for what `source` says: to stand first in
    /// each. What is masked in bodies is masked in what the app tells.
    #[must_use]
    pub fn common_of_spans(&self) -> Vec<u8> {
        let mut common = self.common("").to_bytes();
        common.extend_from_slice(&self.base.treatment);
        common
    }

    /// What all events of it have in common.
    pub(crate) fn common(&self, source: &str) -> Event {
        let Service { name, environment, release } = self.service.clone();
        Event {
            schema: event::SCHEMA,
            service: name,
            environment,
            release,
            source: source.to_owned(),
            rules: self.version.clone(),
            ..Event::default()
        }
    }

    /// Bytes that the exchanges in flight may hold together, or so many if the configuration does not say.
    #[must_use]
    pub fn max_memory_or(&self, default: u32) -> u32 {
        self.max_memory.unwrap_or(default)
    }

    /// Fields of the host's own view of an exchange that rules look into, as paths with dots.
    #[must_use]
    pub fn scope(&self) -> &[String] {
        &self.scope
    }

    /// The version of the rules, 16 hexadecimal digits: the same for the same `[capture]` and `[[rule]]`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What is no error, and will not do what it seems to: rules that can never match.
    #[must_use]
    pub fn warnings(&self) -> Vec<Error> {
        warnings::of(&self.rules)
    }

    /// The names of the rules, in their order; `rule[3]` for one that has none.
    pub fn rule_names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.name.as_str())
    }
}

impl Parts {
    fn read(json: &Value, sought: &mut Sought, errors: &mut Vec<Error>) -> Option<Self> {
        let mut root = Table::root(json, errors)?;
        let service = Service::read(root.table("service"));
        let (base, max_memory) = capture::read(root.table("capture"), sought);
        let rules = capture::read_rules(&mut root, &base, sought);
        let host = HostSettings::read(&mut root);
        let egress = EgressSettings::read(&mut root);
        let spans = SpanSettings::read(root.table("spans"));
        root.leave(OF_OTHERS);
        root.finish();
        Some(Self { service, host, egress, spans, base, rules, max_memory })
    }
}
