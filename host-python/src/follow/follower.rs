//! One file that is followed. At each look it is read; what has changed, and is the same at the next look, is taken or
//! refused.
//!
//! It is read, checked and made ready without the GIL. Only what was made is put in its place, and told of, under it: so
//! that the locks of [`Current`] are never held without the GIL.

use super::reading;
use crate::{
    current::Current,
    sandbox::{Sandbox, Unusable},
    settings::{self, Configuration},
};
use pyo3::prelude::*;
use std::{
    env,
    path::PathBuf,
    sync::{Arc, Weak},
};

#[derive(Debug, Clone)]
pub(super) struct Follower {
    current: Weak<Current>,
    file: PathBuf,
    /// The host's name in events.
    source: &'static str,
    /// What the last look found.
    seen: Reading,
    /// What was taken or refused last.
    settled: Reading,
    /// Whether what is in force is more than the defaults.
    has_settings: bool,
}

/// The file's text, or why there is none.
type Reading = Result<String, String>;

impl Follower {
    /// `text` is in force.
    pub(super) fn new(current: &Arc<Current>, file: PathBuf, text: String) -> Self {
        Self {
            current: Arc::downgrade(current),
            file,
            source: current.source(),
            has_settings: !settings::is_empty(&text),
            seen: Ok(text.clone()),
            settled: Ok(text),
        }
    }

    /// Whether there is still a recorder that it follows for.
    pub(super) fn is_wanted(&self) -> bool {
        self.current.strong_count() > 0
    }

    /// Returns whether there may be more looks: not if the process forks while the file is read.
    pub(super) fn look(&mut self) -> bool {
        let Some(found) = reading::read(&self.file) else { return false };
        let found = found.map_err(|problem| settings::line("", &problem));
        // Whoever writes the file may be half-way through it.
        let still = found == self.seen;
        self.seen = found;
        if still && self.seen != self.settled && self.settle().is_some() {
            self.settled.clone_from(&self.seen);
        }
        true
    }

    /// Takes or refuses what was seen; `None` if there is no interpreter any more.
    fn settle(&mut self) -> Option<()> {
        let made = match &self.seen {
            Ok(text) if self.has_settings && settings::is_empty(text) => {
                Err(settings::line("", &settings::emptied(&self.file)))
            }
            Ok(text) => self.make(text),
            Err(reason) => Err(reason.clone()),
        };
        if let (Ok(_), Ok(text)) = (&made, &self.seen) {
            self.has_settings = !settings::is_empty(text);
        }
        Python::try_attach(|py| {
            let Some(current) = self.current.upgrade() else { return };
            match made {
                Ok(sandbox) => current.take(py, sandbox),
                Err(reason) => current.refuse(py, reason),
            }
        })
    }

    /// A sandbox that has taken the text, or what is wrong with it.
    fn make(&self, text: &str) -> Result<Sandbox, String> {
        let origin = self.file.display().to_string();
        let configuration = Configuration::from_toml(text, &self.file, &variable);
        configuration.map_err(|problem| settings::line("", &problem))?.start(self.source).map_err(
            |unusable| match unusable {
                Unusable::Refused(problems) => settings::lines(&origin, &problems),
                Unusable::Broken(error) => format!("{origin}: the sandbox does not run: {error:#}"),
            },
        )
    }
}

/// A variable of the environment. Python changes it only under the GIL.
fn variable(name: &str) -> Option<String> {
    Python::try_attach(|_| env::var(name).ok()).flatten()
}
