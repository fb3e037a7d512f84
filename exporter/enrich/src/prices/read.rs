//! A file of prices, and what is wrong with it.

use std::{cmp::Reverse, sync::Arc};

use offpath_core::config::{Error, Table as Settings, Value};

use super::{KINDS, Model, Rates, Table};

/// A million tokens cost no more than this, in US dollars: what is more was not meant by the million.
const MOST: f64 = 1e5;

/// Reads a file.
pub(super) fn table(text: &str) -> Result<Table, Vec<Error>> {
    let file: Value = toml::from_str(text).map_err(|error| {
        let rule = format!("must be TOML: {}", error.message());
        vec![Error { field: "the file".to_owned(), rule, value: String::new() }]
    })?;
    let (mut errors, mut table) = (Vec::new(), Table::default());
    if let Some(mut settings) = Settings::root(&file, &mut errors) {
        settings.leave(&["date"]);
        for (systems, models) in settings.tables("prices", |prices, _| read_prices(prices)) {
            for system in systems {
                table.systems.entry(system).or_default().extend(models.iter().cloned());
            }
        }
        settings.finish();
    }
    if errors.is_empty() { Ok(table) } else { Err(errors) }
}

/// Whose models they are, and the models.
fn read_prices(mut table: Settings<'_, '_>) -> (Vec<String>, Vec<Arc<Model>>) {
    table.leave(&["source"]);
    let systems = table.texts("system").unwrap_or_else(|| vec![String::new()]);
    let models = table.tables("models", |model, _| Arc::new(read_model(model)));
    table.finish();
    (systems, models)
}

fn read_model(mut table: Settings<'_, '_>) -> Model {
    let patterns = table.texts("match").unwrap_or_default();
    if patterns.is_empty() || !patterns.iter().all(|pattern| is_pattern(pattern)) {
        let rule = "must be names of models, with a \"*\" at the start or the end where anything may stand";
        let value = table.take("match");
        table.refuse("match", rule, value);
    }
    let rates = read_rates(&mut table);
    let mut above = table.tables("above", |tier, _| read_tier(tier, &rates));
    above.sort_by_key(|(tokens, _)| Reverse(*tokens));
    table.finish();
    Model { patterns: patterns.into_iter().map(|pattern| pattern.to_lowercase()).collect(), rates, above }
}

fn is_pattern(text: &str) -> bool {
    let inner = text.strip_prefix('*').unwrap_or(text);
    !text.is_empty() && !inner.strip_suffix('*').unwrap_or(inner).contains('*')
}

/// What a tier does not say is as below it.
fn read_tier(mut table: Settings<'_, '_>, below: &Rates) -> (u64, Rates) {
    let tokens = table.whole("tokens", 1, i64::from(u32::MAX));
    if !table.has("tokens") {
        table.refuse("tokens", "must say from how many tokens of input on", None);
    }
    let mut rates = read_rates(&mut table);
    rates.iter_mut().zip(below).for_each(|(rate, below)| *rate = rate.or(*below));
    table.finish();
    (tokens.and_then(|tokens| u64::try_from(tokens).ok()).unwrap_or(0), rates)
}

fn read_rates(table: &mut Settings<'_, '_>) -> Rates {
    let rule = format!("must be US dollars for a million tokens, from 0 to {MOST}");
    let rate = |value: &Value| value.as_f64().filter(|rate| (0.0..=MOST).contains(rate));
    KINDS.map(|kind| table.typed(kind, &rule, rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let text = r#"
            dat = "2026"
            [[prices]]
            system = 7
            models = [{ match = ["a*b"], inputs = 1, output = -1, above = [{ tokens = "many" }] }, 7]
        "#;
        let errors = table(text).expect_err("refused");
        let mut fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        fields.sort_unstable();
        let expected = [
            "dat",
            "prices[0].models[0].above[0].tokens",
            "prices[0].models[0].inputs",
            "prices[0].models[0].match",
            "prices[0].models[0].output",
            "prices[0].models[1]",
            "prices[0].system",
        ];
        assert_eq!(fields, expected);
        assert!(table("x =").expect_err("refused")[0].rule.starts_with("must be TOML"));
    }
}
