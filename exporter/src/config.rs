//! What users configure: offpath.toml, checked whole before anything starts.
//!
//! The app's tables (`[service]`, `[capture]`, `[[rule]]`, `[ring]`) are checked by the core, which is what
//! applies them; the exporter's are checked in `settings`, with the same kind of error, and all errors are told at
//! once.

mod document;
pub mod follow;
mod interpolate;
pub mod lines;
mod literal;
mod live;
pub mod outline;
pub mod paths;
mod secret;
mod settings;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use offpath_core::config::{Config as CoreConfig, Error, Value};

use self::document::Document;
pub(crate) use self::settings::duration;
pub use self::{document::Located, live::Live, secret::Secret, settings::Settings};
use crate::sinks::SinkSettings;

/// Reads an environment variable; a parameter, so that tests need no process of their own.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The variables of this process. One that is empty, or not UTF-8, counts as not set.
#[must_use]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A configuration that can be taken.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What the exporter needs to know.
    pub settings: Settings,
    /// What the app or Envoy makes of it.
    pub rules: Rules,
    /// Variables of `redact.hash_key` that are not set. It is the app that needs them, and the exporter runs without.
    pub unset: Vec<Located>,
}

/// The part of a configuration that the core applies.
#[derive(Debug, Clone)]
pub struct Rules {
    /// As the core has it.
    pub config: CoreConfig,
    /// What is taken, and may not be meant.
    pub warnings: Vec<Located>,
    document: Document,
}

/// Why a configuration cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Settings break rules, or it is no TOML.
    #[error("{}", Invalid { path, errors })]
    Invalid {
        /// The file; `None` for the defaults.
        path: Option<PathBuf>,
        /// All of them.
        errors: Vec<Located>,
    },
}

struct Invalid<'a> {
    path: &'a Option<PathBuf>,
    errors: &'a [Located],
}

impl fmt::Display for Invalid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, located) in self.errors.iter().enumerate() {
            let end_of_line = if index == 0 { "" } else { "\n" };
            let place = self.path.as_deref().map(|path| format!("{}: ", located.place(path)));
            write!(f, "{end_of_line}{}{located}", place.unwrap_or_default())?;
        }
        Ok(())
    }
}

/// Reads and checks a file; without one, the defaults.
///
/// # Errors
///
/// See [`ConfigError`].
pub fn load(path: Option<&Path>, env: Environment<'_>) -> Result<Loaded, ConfigError> {
    let text = path.map(read).transpose()?;
    parse(path, text.as_deref().unwrap_or_default(), env)
}

/// Reads a file.
///
/// # Errors
///
/// [`ConfigError::Read`].
pub fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}

/// Checks what was read from a file.
///
/// # Errors
///
/// [`ConfigError::Invalid`].
pub fn parse(path: Option<&Path>, text: &str, env: Environment<'_>) -> Result<Loaded, ConfigError> {
    let invalid = |errors| ConfigError::Invalid { path: path.map(Path::to_owned), errors };
    let mut document = Document::of_toml(text).map_err(invalid)?;
    let unset = interpolate::hash_keys(&mut document.json, env);
    // Who is refused for another reason is told of these too.
    let all = |errors: Vec<Error>| invalid(document.located([errors, unset.clone()].concat()));
    let (settings, core) = Settings::read(&document.json, env).map_err(all)?;
    let unset = document.located(unset);
    let doubts = settings.sinks.iter().filter_map(doubt).chain(literal::secrets(&document.json));
    let doubts = document.located(doubts.collect());
    let mut rules = Rules::new(core, document);
    rules.warnings.extend(doubts.into_iter().map(named_in_text));
    Ok(Loaded { settings, rules, unset })
}

fn doubt(sink: &SinkSettings) -> Option<Error> {
    let field = format!("sinks.{}", sink.name);
    sink.doubt().map(|rule| Error { field, rule: rule.to_owned(), value: String::new() })
}

/// A warning names what it is about itself.
fn named_in_text(mut warning: Located) -> Located {
    let field = std::mem::take(&mut warning.error.field);
    warning.error.rule = format!("{field}: {}", warning.error.rule);
    warning
}

/// Reads and checks JSON as Envoy's plugin configuration holds it.
///
/// # Errors
///
/// See [`ConfigError`].
pub fn load_json(path: &Path) -> Result<Rules, ConfigError> {
    let text = read(path)?;
    let invalid = |errors| ConfigError::Invalid { path: Some(path.to_owned()), errors };
    let document = Document::of_json(&text).map_err(invalid)?;
    let core = CoreConfig::from_json(&document.json).map_err(|errors| invalid(document.located(errors)))?;
    Ok(Rules::new(core, document))
}

impl Loaded {
    /// What the exporter takes, and may not do what it seems to.
    pub fn doubts(&self) -> impl Iterator<Item = &Located> {
        self.rules.warnings.iter().chain(&self.unset)
    }
}

impl Rules {
    fn new(config: CoreConfig, document: Document) -> Self {
        let mut warnings = document.located(config.warnings());
        // They name their rules themselves.
        warnings.iter_mut().for_each(|warning| warning.error.field.clear());
        Self { config, warnings, document }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.config.rule_names().count()
    }

    /// The line on which a setting stands; `None` where nothing of it does.
    #[must_use]
    pub fn line(&self, field: &str) -> Option<usize> {
        self.document.line(field)
    }

    /// All that was configured, with its hash keys.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.document.json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_go_over_http_to_another_network_are_warned_about() {
        let text =
            "[sinks.a]\ntype = \"otlp\"\nendpoint = \"http://example.com/\"\nheaders = { x = \"${KEY}\" }\n";
        let loaded = parse(None, text, &|_| Some("secret".to_owned())).expect("valid");
        let told: Vec<String> = loaded.doubts().map(ToString::to_string).collect();
        assert!(told.len() == 1 && told[0].starts_with("sinks.a: its headers"), "{told:?}");
        assert_eq!(loaded.doubts().next().and_then(|doubt| doubt.line), Some(1));
    }
}
