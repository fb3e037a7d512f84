//! What users configure: the `[service]`, `[capture]` and `[[rule]]` of offpath.toml, or JSON of the same shape.
//!
//! Configuration is taken whole or refused whole: [`Config::from_json`] gathers every error, each naming the field,
//! the rule that it breaks and the value it had.

mod check;
mod egress;
mod host;
mod settings;

pub(crate) use self::settings::{Rule, Settings};
pub use self::{
    check::{Error, Table, Value, shown},
    egress::EgressSettings,
    host::HostSettings,
    settings::Service,
};

/// Tables of offpath.toml that belong to the exporter, which checks its own.
const OF_OTHERS: &[&str] = &["exporter", "intake", "sinks"];

/// Checked configuration.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Whose exchanges these are.
    pub service: Service,
    /// What the host of the core is to provide.
    pub host: HostSettings,
    /// How events leave Envoy.
    pub egress: EgressSettings,
    pub(crate) base: Settings,
    pub(crate) rules: Vec<Rule>,
    /// What was configured of it.
    max_memory: Option<u32>,
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
        let egress = EgressSettings::read(&mut root);
        root.leave(OF_OTHERS);
        root.finish();
        Some(Self { service, host, egress, base, rules, max_memory })
    }

    /// Bytes that the exchanges in flight may hold together, or so many if the configuration does not say.
    #[must_use]
    pub fn max_memory_or(&self, default: u32) -> u32 {
        self.max_memory.unwrap_or(default)
    }
}
