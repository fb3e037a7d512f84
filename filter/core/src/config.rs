//! What users configure: the `[service]`, `[capture]` and `[[rule]]` of offpath.toml, or JSON of the same shape.
//!
//! Configuration is taken whole or refused whole: [`Config::from_json`] gathers every error, each naming the field,
//! the rule that it breaks and the value it had.

mod check;
mod host;
mod settings;

pub(crate) use self::settings::{Rule, Settings};
pub use self::{
    check::{Error, Table, Value, shown},
    host::HostSettings,
    settings::Service,
};

/// Tables of offpath.toml that belong to Envoy's filter or to the exporter; each checks its own.
const OF_OTHERS: &[&str] = &["cluster", "exporter", "intake", "sinks"];

/// Checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Whose exchanges these are.
    pub service: Service,
    /// What the host of the core is to provide.
    pub host: HostSettings,
    pub(crate) base: Settings,
    pub(crate) rules: Vec<Rule>,
    pub(crate) max_memory: u32,
}

impl Config {
    /// Reads configuration of any origin. Missing settings have their defaults; `{}` is valid.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, in the order of the settings. Never empty.
    pub fn from_json(json: &Value) -> Result<Self, Vec<Error>> {
        let mut errors = Vec::new();
        let config = Self::read(json, &mut errors);
        match config {
            Some(config) if errors.is_empty() => Ok(config),
            _ => Err(errors),
        }
    }

    fn read(json: &Value, errors: &mut Vec<Error>) -> Option<Self> {
        let mut root = Table::root(json, errors)?;
        let service = Service::read(root.table("service"));
        let (base, max_memory) = settings::read_capture(root.table("capture"));
        let rules = settings::read_rules(&mut root, &base);
        let host = HostSettings::read(&mut root);
        root.leave(OF_OTHERS);
        root.finish();
        Some(Self { service, host, base, rules, max_memory })
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            service: Service::default(),
            host: HostSettings::default(),
            base: Settings::default(),
            rules: Vec::new(),
            max_memory: settings::DEFAULT_MAX_MEMORY,
        }
    }
}
