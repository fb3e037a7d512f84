//! Configuration on its way to the core: TOML or JSON in, JSON out, and what is wrong with it as Python's `ConfigError`.

mod environment;

use crate::sandbox::{Sandbox, Unusable, bindings};
use pyo3::{exceptions::PyValueError, prelude::*, types::PyList};
use rustix::fs::{Mode, OFlags};
use serde_json::Value;
use std::{
    fs::{self, File, Metadata},
    io,
    os::unix::fs::FileTypeExt,
    path::Path,
};

/// One thing that is wrong with a configuration, or strange about it.
pub(crate) use bindings::ConfigError as Problem;

pyo3::create_exception!(
    _offpath,
    ConfigError,
    PyValueError,
    "Configuration that offpath cannot take.\n\n\
     ``errors`` lists all that is wrong with it, each a ``(field, rule, value)``."
);

/// Looks up a variable of the environment.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The text of a configuration file, or what a pipe gives. A pipe that was read already gives nothing, and no settings are
/// no reason to think that the defaults are meant.
pub(crate) fn read(file: &Path) -> Result<String, Problem> {
    let text = fs::read_to_string(file).map_err(|error| no_file(file, &error))?;
    let is_pipe = || fs::metadata(file).is_ok_and(|found| found.file_type().is_fifo());
    if is_empty(&text) && is_pipe() {
        let rule = "is a pipe with nothing in it, or one that was read before; name a file".to_owned();
        return Err(Problem { field: file.display().to_string(), rule, value: String::new() });
    }
    Ok(text)
}

/// The text of what was a file, and may be another one by now. A pipe or a device might keep us waiting, and is not opened.
pub(crate) fn read_again(file: &Path) -> Result<String, Problem> {
    let read = || {
        regular(&fs::metadata(file)?)?;
        // Nor does it wait if one has come into its place just now.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let open = File::from(rustix::fs::open(file, flags, Mode::empty())?);
        regular(&open.metadata()?)?;
        io::read_to_string(open)
    };
    read().map_err(|error| no_file(file, &error))
}

fn regular(metadata: &Metadata) -> io::Result<()> {
    let irregular = || io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
    metadata.is_file().then_some(()).ok_or_else(irregular)
}

fn no_file(file: &Path, error: &io::Error) -> Problem {
    let rule = format!("must be a file that can be read: {error}");
    Problem { field: file.display().to_string(), rule, value: String::new() }
}

/// Whether there is nothing but blanks and comments: what a full disk, or `>` in a shell, leaves of a file.
pub(crate) fn is_empty(text: &str) -> bool {
    toml::from_str::<toml::Table>(text).is_ok_and(|table| table.is_empty())
}

/// Of such a file, where there were settings.
pub(crate) fn emptied(file: &Path) -> Problem {
    let rule = "is empty, where there were settings; to go back to the defaults write [capture]".to_owned();
    Problem { field: file.display().to_string(), rule, value: String::new() }
}

/// A configuration that was read, and is not checked yet.
#[derive(Debug)]
pub(crate) struct Configuration {
    json: String,
    /// What is wrong with it before the core sees it.
    problems: Vec<Problem>,
}

impl Configuration {
    /// From JSON. What is no JSON, the core refuses.
    pub(crate) fn from_json(text: String, environment: Environment<'_>) -> Self {
        match serde_json::from_str(&text) {
            Ok(value) => Self::new(value, environment),
            Err(_) => Self { json: text, problems: Vec::new() },
        }
    }

    /// From the TOML in a file.
    pub(crate) fn from_toml(text: &str, file: &Path, environment: Environment<'_>) -> Result<Self, Problem> {
        let table = toml::from_str::<toml::Value>(text).map_err(|error| unreadable(file, &error))?;
        let value = serde_json::to_value(table).map_err(|error| unreadable(file, &error))?;
        Ok(Self::new(value, environment))
    }

    fn new(mut value: Value, environment: Environment<'_>) -> Self {
        let problems = environment::fill_in(&mut value, environment);
        Self { json: value.to_string(), problems }
    }

    /// A sandbox that has taken it for a host of this name, or all that is wrong with it.
    pub(crate) fn start(self, source: &'static str) -> Result<Sandbox, Unusable> {
        let Self { json, mut problems } = self;
        match Sandbox::new(json, source) {
            Err(Unusable::Refused(more)) => problems.extend(more),
            other if problems.is_empty() => return other,
            _ => {}
        }
        Err(Unusable::Refused(problems))
    }
}

fn unreadable(file: &Path, reason: &impl ToString) -> Problem {
    let rule = format!("must be TOML: {}", reason.to_string().trim_end());
    Problem { field: file.display().to_string(), rule, value: String::new() }
}

/// One line for each problem. `origin` names the file, or is empty.
pub(crate) fn lines(origin: &str, problems: &[Problem]) -> String {
    problems.iter().map(|problem| line(origin, problem)).collect::<Vec<_>>().join("\n")
}

/// Where, what holds there, and what stood there.
pub(crate) fn line(origin: &str, Problem { field, rule, value }: &Problem) -> String {
    let origin = if origin.is_empty() { String::new() } else { format!("{origin}: ") };
    let got = if value.is_empty() { String::new() } else { format!(", got {value}") };
    format!("{origin}{field}: {rule}{got}")
}

/// The exception for a configuration with these problems.
pub(crate) fn refused(py: Python<'_>, origin: &str, problems: Vec<Problem>) -> PyErr {
    let exception = ConfigError::new_err(lines(origin, &problems));
    let list = problems.into_iter().map(|problem| (problem.field, problem.rule, problem.value));
    let attached = PyList::new(py, list).and_then(|list| exception.value(py).setattr("errors", list));
    attached.err().unwrap_or(exception)
}
