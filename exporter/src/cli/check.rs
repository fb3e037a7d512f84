//! `offpath check`: every error of every file, with its line, and what may not be meant.

use std::{fmt::Write as _, path::Path, path::PathBuf, process::ExitCode};

use anstream::ColorChoice;

use super::{
    Failure, USAGE, print_styled,
    style::{BAD, FAINT, GOOD, STRONG, WARN},
};
use crate::config::{self, ConfigError, Loaded, Rules};

pub(super) fn check(files: &[PathBuf]) -> Result<ExitCode, Failure> {
    let mut result = String::new();
    let mut is_good = true;
    for file in files {
        let is_json = file.extension().is_some_and(|extension| extension == "json");
        let checked = if is_json { check_json(file, &mut result) } else { check_toml(file, &mut result) };
        if let Err(error) = checked {
            is_good = false;
            describe(&error, &mut result);
        }
    }
    print_styled(&result, ColorChoice::Auto)?;
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::from(USAGE) })
}

fn check_toml(file: &Path, out: &mut String) -> Result<(), ConfigError> {
    let loaded = strict(Some(file))?;
    let sinks = format!(", {}", count(loaded.settings.sinks.len(), "sink"));
    accept(file, &loaded.rules, &sinks, out);
    Ok(())
}

/// What Envoy's plugin configuration holds.
fn check_json(file: &Path, out: &mut String) -> Result<(), ConfigError> {
    accept(file, &config::load_json(file)?, "", out);
    Ok(())
}

/// A configuration that leaves nothing open: for who is to run the rules, not the exporter alone.
pub(super) fn strict(file: Option<&Path>) -> Result<Loaded, ConfigError> {
    let loaded = config::load(file, &config::environment)?;
    if loaded.unset.is_empty() {
        return Ok(loaded);
    }
    Err(ConfigError::Invalid { path: file.map(Path::to_owned), errors: loaded.unset })
}

fn accept(file: &Path, rules: &Rules, sinks: &str, out: &mut String) {
    for warning in &rules.warnings {
        let _ = writeln!(out, "{STRONG}{}:{STRONG:#} {WARN}warning:{WARN:#} {warning}", warning.place(file));
    }
    let counts = format!("({}{sinks})", count(rules.count(), "rule"));
    let version = rules.config.version();
    let _ = writeln!(
        out,
        "{STRONG}{}:{STRONG:#} {GOOD}ok{GOOD:#}, rules {version} {FAINT}{counts}{FAINT:#}",
        file.display()
    );
}

/// The errors, one on each line.
fn describe(error: &ConfigError, out: &mut String) {
    let ConfigError::Invalid { path: Some(path), errors } = error else {
        let _ = writeln!(out, "{BAD}{error}{BAD:#}");
        return;
    };
    for located in errors {
        let place = located.place(path);
        let _ = match located.error.field.as_str() {
            "" => writeln!(out, "{STRONG}{place}:{STRONG:#} {BAD}{located}{BAD:#}"),
            field => {
                let rest = located.to_string();
                let rest = rest.strip_prefix(field).unwrap_or(&rest);
                writeln!(out, "{STRONG}{place}:{STRONG:#} {BAD}{field}{BAD:#}{rest}")
            }
        };
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
