//! What a recorder records under now. It may be exchanged for another while exchanges pass: each ends in the sandbox
//! that it began in, which goes with the last of them.

use crate::{
    follow,
    log::{Level, log},
    sandbox::Sandbox,
    settings::{self, Problem},
    shared::Shared,
};
use pyo3::{prelude::*, types::PyDict};
use std::{
    mem,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

/// All that there are in this process, for `offpath.status()`.
static ALL: Mutex<Vec<Weak<Current>>> = Mutex::new(Vec::new());

/// A configuration in force, and the file that it follows, if it came from one.
#[derive(Debug)]
pub(crate) struct Current {
    file: Option<PathBuf>,
    /// The host's name in events.
    source: &'static str,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    shared: Arc<Shared>,
    rules: String,
    ring_size: u64,
    /// Why what it says now is not.
    refused: Option<String>,
}

impl State {
    fn new(sandbox: Sandbox) -> Self {
        let settings = sandbox.settings();
        Self {
            rules: settings.rules.clone(),
            ring_size: settings.ring_size,
            shared: Arc::new(Shared::new(sandbox)),
            refused: None,
        }
    }
}

impl Current {
    /// What stays as it is.
    pub(crate) fn fixed(py: Python<'_>, sandbox: Sandbox) -> Arc<Self> {
        Self::new(py, sandbox, None)
    }

    /// What follows a file, of which it is given the present text.
    pub(crate) fn following(py: Python<'_>, sandbox: Sandbox, text: String, file: PathBuf) -> Arc<Self> {
        let current = Self::new(py, sandbox, Some(file.clone()));
        if let Err(error) = follow::follow(py, &current, file, text) {
            current.warn(py, &[problem("the file", format!("is not followed: {error}"))]);
        }
        current
    }

    fn new(py: Python<'_>, sandbox: Sandbox, file: Option<PathBuf>) -> Arc<Self> {
        let warnings = sandbox.settings().warnings.clone();
        let source = sandbox.source();
        let state = State::new(sandbox);
        let taken = file.as_deref().map(|file| taken(file, &state.rules));
        let current = Arc::new(Self { file, source, state: Mutex::new(state) });
        all().push(Arc::downgrade(&current));
        if let Some(taken) = taken {
            log(py, Level::Info, &taken);
        }
        current.warn(py, &warnings);
        current
    }

    /// The sandbox for an exchange that begins.
    pub(crate) fn shared(&self) -> Arc<Shared> {
        if self.file.is_some() {
            follow::wake();
        }
        Arc::clone(&self.state().shared)
    }

    /// The host's name in events.
    pub(crate) fn source(&self) -> &'static str {
        self.source
    }

    /// Bytes of the ring that the configuration asks for.
    pub(crate) fn ring_size(&self) -> u64 {
        self.state().ring_size
    }

    /// Exchanges that begin from here on go to this sandbox, which has taken the file's new text.
    pub(crate) fn take(&self, py: Python<'_>, sandbox: Sandbox) {
        let warnings = sandbox.settings().warnings.clone();
        let state = State::new(sandbox);
        let (rules, ring_size) = (state.rules.clone(), state.ring_size);
        let old = mem::replace(&mut *self.state(), state);
        if let Some(file) = &self.file {
            log(py, Level::Info, &taken(file, &rules));
        }
        if old.ring_size != ring_size {
            let rule = "changes when the app starts again; the rest is in force".to_owned();
            self.warn(py, &[problem("ring.size", rule)]);
        }
        self.warn(py, &warnings);
    }

    /// The file's new text is not taken, and what was in force stays.
    pub(crate) fn refuse(&self, py: Python<'_>, reason: String) {
        let mut state = self.state();
        let told = format!("refused, the rules {} stay in force:\n{reason}", state.rules);
        state.refused = Some(reason);
        drop(state);
        log(py, Level::Error, &told);
    }

    fn warn(&self, py: Python<'_>, warnings: &[Problem]) {
        let origin = self.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
        for warning in warnings {
            log(py, Level::Warning, &settings::line(&origin, warning));
        }
    }

    /// A panic while it was locked left nothing half done that would matter.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn problem(field: &str, rule: String) -> Problem {
    Problem { field: field.to_owned(), rule, value: String::new() }
}

fn taken(file: &Path, rules: &str) -> String {
    format!("took {} (rules {rules})", file.display())
}

fn all() -> MutexGuard<'static, Vec<Weak<Current>>> {
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|current| current.strong_count() > 0);
    all
}

/// What `offpath.status()` says of the configuration: the first that was refused, or else the one that came last.
pub(crate) fn status(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    follow::wake();
    let (rules, refused, file) = reported().unwrap_or_default();
    let status = PyDict::new(py);
    status.set_item("ok", refused.is_none())?;
    status.set_item("error", refused)?;
    status.set_item("rules", rules)?;
    status.set_item("path", file.map(|file| file.display().to_string()))?;
    Ok(status)
}

/// Rules in force, why the file's present text is not, and the file.
fn reported() -> Option<(Option<String>, Option<String>, Option<PathBuf>)> {
    let all: Vec<Arc<Current>> = all().iter().filter_map(Weak::upgrade).collect();
    let refused = all.iter().find(|current| current.state().refused.is_some());
    let current = refused.or(all.last())?;
    let state = current.state();
    Some((Some(state.rules.clone()), state.refused.clone(), current.file.clone()))
}
