//! The keys of JSON whose values are secret.

use std::collections::HashSet;

use offpath_core::treatment::{SECRET_KEYS, normalised};

/// [`SECRET_KEYS`] and those of a treatment.
#[derive(Debug)]
pub(in crate::redact) struct Keys(HashSet<String>);

impl Keys {
    /// The built-in ones and `more`.
    pub(in crate::redact) fn new(more: &[String]) -> Self {
        let built_in = SECRET_KEYS.iter().map(|key| (*key).to_owned());
        Self(built_in.chain(more.iter().map(|key| normalised(key))).collect())
    }

    /// Whether values of this key, with its escapes undone, are secret.
    pub(in crate::redact) fn has(&self, key: &str) -> bool {
        self.0.contains(&normalised(key))
    }
}
