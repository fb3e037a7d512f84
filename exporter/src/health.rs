//! What is wrong at the moment, for /readyz.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// What is wrong, by part of the exporter. Clones are the same record.
#[derive(Debug, Clone, Default)]
pub struct Health {
    problems: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Health {
    /// `part` has a problem. Returns whether that is new.
    pub fn fail(&self, part: &str, problem: String) -> bool {
        let mut problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.insert(part.to_owned(), problem).is_none()
    }

    /// `part` is well. Returns whether it was not.
    pub fn recover(&self, part: &str) -> bool {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).remove(part).is_some()
    }

    /// What is wrong, one line for each part.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.iter().map(|(part, problem)| format!("{part}: {problem}")).collect()
    }
}
