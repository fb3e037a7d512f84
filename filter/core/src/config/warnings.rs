//! What is no error, and will not do what it seems to: rules that can never match, or say what is never used.

use super::{Rule, check::Error};

/// Warnings about the rules, in their order.
pub(super) fn of(rules: &[Rule]) -> Vec<Error> {
    let mut warnings = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let earlier = rules.iter().take(index).position(|earlier| earlier.conditions.cover(&rule.conditions));
        if let Some(earlier) = earlier.and_then(|at| rules.get(at).map(|rule| (at, rule))) {
            warnings.push(never_matches(index, rule, earlier));
        }
    }
    warnings
}

fn never_matches(index: usize, rule: &Rule, (at, earlier): (usize, &Rule)) -> Error {
    Error {
        field: format!("rule[{index}].match"),
        rule: format!(
            "{} can never match, because {} stands before it and matches all that it does",
            named(index, &rule.name),
            named(at, &earlier.name)
        ),
        value: String::new(),
    }
}

fn named(index: usize, name: &str) -> String {
    let place = format!("rule[{index}]");
    if name == place { place } else { format!("{place} \"{name}\"") }
}
