//! `[service]`: whose exchanges these are.

use super::check::Table;
use crate::treatment::is_environment;

/// Longest name of a service, a release or a rule, in bytes.
const MAX_NAME: usize = 200;

/// Whose exchanges these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Default `unknown_service`, as OpenTelemetry's resource conventions have it.
    pub name: String,
    /// Default `default`; at most 40 of `a-z 0-9 _ -`, not beginning with `langfuse`, which Langfuse reserves.
    pub environment: String,
    /// Default empty.
    pub release: String,
}

impl Default for Service {
    fn default() -> Self {
        Self { name: "unknown_service".to_owned(), environment: "default".to_owned(), release: String::new() }
    }
}

impl Service {
    pub(crate) fn read(mut table: Table<'_, '_>) -> Self {
        let default = Self::default();
        let service = Self {
            name: name(&mut table, "name").unwrap_or(default.name),
            environment: environment(&mut table).unwrap_or(default.environment),
            release: name(&mut table, "release").unwrap_or(default.release),
        };
        table.finish();
        service
    }
}

pub(super) fn name(table: &mut Table<'_, '_>, key: &'static str) -> Option<String> {
    let rule = format!("must be a string of 1 to {MAX_NAME} bytes without control characters");
    table.typed(key, &rule, |value| {
        let fits = |text: &&str| (1..=MAX_NAME).contains(&text.len()) && !text.chars().any(char::is_control);
        value.as_str().filter(fits).map(str::to_owned)
    })
}

fn environment(table: &mut Table<'_, '_>) -> Option<String> {
    let rule = "must be 1 to 40 of a-z, 0-9, \"_\" and \"-\", and not begin with \"langfuse\"";
    table.typed("environment", rule, |value| {
        value.as_str().filter(|text| is_environment(text)).map(str::to_owned)
    })
}
