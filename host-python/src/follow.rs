//! A thread that follows a configuration file. Twice a second it reads it; what has changed, and is the same at the next
//! look, is taken or refused.
//!
//! The file is read, checked and made ready without the GIL. Only what was made is put in its place, and told of, under
//! it: so that the locks of [`Current`] are never held without the GIL, and none is held when the process forks.

use crate::{
    current::Current,
    gate,
    sandbox::{Sandbox, Unusable},
    settings::{self, Configuration},
};
use pyo3::prelude::*;
use std::{
    env, io,
    path::PathBuf,
    sync::{Arc, Weak},
    thread,
    time::Duration,
};

/// Two looks and the making of a guest are well within the 2 seconds that are promised.
const PERIOD: Duration = Duration::from_millis(500);

#[derive(Debug)]
struct Follower {
    /// The thread ends when it is gone.
    current: Weak<Current>,
    file: PathBuf,
    /// What the last look found.
    seen: Reading,
    /// What was taken or refused last.
    settled: Reading,
}

/// The file's text, or why there is none.
type Reading = Result<String, String>;

/// Follows `file`, of which `text` is in force.
///
/// # Errors
///
/// If no thread can be started.
pub(crate) fn start(current: &Arc<Current>, file: PathBuf, text: String) -> io::Result<()> {
    let seen = Ok(text.clone());
    let mut follower = Follower { current: Arc::downgrade(current), file, seen, settled: Ok(text) };
    let run = move || {
        while follower.current.strong_count() > 0 {
            follower.look();
            thread::sleep(PERIOD);
        }
    };
    thread::Builder::new().name("offpath-config".to_owned()).spawn(run).map(drop)
}

impl Follower {
    fn look(&mut self) {
        let found = settings::read(&self.file).map_err(|problem| settings::line("", &problem));
        // Whoever writes the file may be half-way through it.
        let still = found == self.seen;
        self.seen = found;
        if still && self.seen != self.settled && self.settle().is_some() {
            self.settled.clone_from(&self.seen);
        }
    }

    /// Takes or refuses what was seen; `None` if this is not the moment for it.
    fn settle(&self) -> Option<()> {
        let made = match &self.seen {
            Ok(text) => self.make(text)?.map(|sandbox| (sandbox, text)),
            Err(reason) => Err(reason.clone()),
        };
        let _inside = gate::INTERPRETER.enter()?;
        Python::try_attach(|py| {
            let Some(current) = self.current.upgrade() else { return };
            match made {
                Ok((sandbox, text)) => current.take(py, sandbox, text),
                Err(reason) => current.refuse(py, reason),
            }
        })
    }

    /// A sandbox that has taken the text, or what is wrong with it; `None` as above.
    fn make(&self, text: &str) -> Option<Result<Sandbox, String>> {
        let origin = self.file.display().to_string();
        let configuration = match Configuration::from_toml(text, &self.file, &variable) {
            Ok(configuration) => configuration,
            Err(problem) => return Some(Err(settings::line("", &problem))),
        };
        let _inside = gate::SANDBOX.enter()?;
        Some(configuration.start().map_err(|unusable| match unusable {
            Unusable::Refused(problems) => settings::lines(&origin, &problems),
            Unusable::Broken(error) => format!("{origin}: the sandbox does not run: {error:#}"),
        }))
    }
}

/// A variable of the environment. Python changes it only under the GIL.
fn variable(name: &str) -> Option<String> {
    let _inside = gate::INTERPRETER.enter()?;
    Python::try_attach(|_| env::var(name).ok()).flatten()
}
