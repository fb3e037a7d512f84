//! Which rule an exchange is for, as far as it is known: the first that matches wins.

use crate::{
    conditions::{Conditions, Request},
    config::{Config, Settings},
};

/// A rule by its index; `None` is `[capture]` alone.
pub(crate) type RuleIndex = Option<usize>;

/// What is known of which rule it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// This one.
    Made(RuleIndex),
    /// One of these, in their order. The last matches whatever comes; the others wait for the response or the route.
    Open(Vec<RuleIndex>),
}

impl Choice {
    /// What the request's head tells.
    pub(crate) fn of_request(config: &Config, request: &Request<'_>) -> Self {
        let mut open = Vec::new();
        for index in config.sights.of(request) {
            let Some(rule) = config.rules.get(index) else { continue };
            if !rule.conditions.fit_request(request) {
                continue;
            }
            let is_certain = !rule.conditions.need_response() && !rule.conditions.need_route();
            if is_certain && open.is_empty() {
                return Self::Made(Some(index));
            }
            open.push(Some(index));
            if is_certain {
                return Self::Open(open);
            }
        }
        if open.is_empty() {
            return Self::Made(None);
        }
        open.push(None);
        Self::Open(open)
    }

    /// What the response's head tells beyond that.
    #[must_use]
    pub(crate) fn with_response(self, config: &Config, status: u16, media_type: &[u8]) -> Self {
        self.narrowed(
            |index| conditions(config, *index).is_none_or(|rule| rule.fit_response(status, media_type)),
            |index| conditions(config, *index).is_some_and(Conditions::need_route),
        )
    }

    /// What the end tells beyond that. The choice is made then.
    pub(crate) fn with_route(self, config: &Config, route: &[u8]) -> RuleIndex {
        let fits = |index: &RuleIndex| conditions(config, *index).is_none_or(|rule| rule.fit_route(route));
        match self.narrowed(fits, |_| false) {
            Self::Made(index) => index,
            Self::Open(rules) => rules.first().copied().flatten(),
        }
    }

    fn narrowed(self, fits: impl Fn(&RuleIndex) -> bool, waits: impl Fn(&RuleIndex) -> bool) -> Self {
        let Self::Open(rules) = self else { return self };
        let mut open = Vec::new();
        for index in rules.into_iter().filter(fits) {
            let waits = waits(&index);
            open.push(index);
            if !waits {
                break;
            }
        }
        match open.as_slice() {
            [only] => Self::Made(*only),
            _ => Self::Open(open),
        }
    }

    /// The settings that it may come to.
    pub(crate) fn settings<'c>(&self, config: &'c Config) -> impl Iterator<Item = &'c Settings> {
        let rules = match self {
            Self::Made(index) => std::slice::from_ref(index),
            Self::Open(rules) => rules.as_slice(),
        };
        rules.iter().map(|index| settings(config, *index))
    }
}

/// The conditions of a rule; `[capture]` has none.
fn conditions(config: &Config, rule: RuleIndex) -> Option<&Conditions> {
    rule.and_then(|index| config.rules.get(index)).map(|rule| &rule.conditions)
}

/// The settings of a rule.
pub(crate) fn settings(config: &Config, rule: RuleIndex) -> &Settings {
    rule.and_then(|index| config.rules.get(index)).map_or(&config.base, |rule| &rule.settings)
}

/// The name of a rule; empty for `[capture]` alone.
pub(crate) fn name(config: &Config, rule: RuleIndex) -> &str {
    rule.and_then(|index| config.rules.get(index)).map_or("", |rule| rule.name.as_str())
}
