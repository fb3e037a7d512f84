//! The recorder: a configuration, and the sandbox that runs the core under it.

use crate::{
    asgi::{http::HttpExchange, message, websocket::WebSocketExchange},
    current::Current,
    guard::guarded,
    parent::named,
    process,
    sandbox::{Sandbox, Unusable},
    settings::{self, Configuration},
};
use pyo3::{
    exceptions::{PyRuntimeError, PyValueError},
    prelude::*,
    types::PyDict,
};
use std::{
    env,
    path::{self, PathBuf},
    sync::Arc,
};

/// What events may name as their host.
const SOURCES: [&str; 3] = ["asgi", "httpx", "aiohttp"];

/// One configuration and the sandbox that runs it.
#[pyclass(frozen, weakref, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct Recorder {
    current: Arc<Current>,
}

#[pymethods]
impl Recorder {
    /// Takes a configuration that stays as it is: JSON. `source` is the host's name in events.
    #[new]
    #[pyo3(signature = (json, source = "asgi"))]
    fn new(py: Python<'_>, json: String, source: &str) -> PyResult<Self> {
        let configuration = Configuration::from_json(json, &variable);
        let sandbox = start(py, "", configuration, known(source)?)?;
        Ok(Self { current: Current::fixed(py, sandbox) })
    }

    /// Takes the configuration in a file, TOML, and follows its changes.
    #[staticmethod]
    #[pyo3(signature = (path, source = "asgi"))]
    fn from_file(py: Python<'_>, path: PathBuf, source: &str) -> PyResult<Self> {
        let unreadable = |problem| settings::refused(py, "", vec![problem]);
        let text = settings::read(&path).map_err(unreadable)?;
        let configuration = Configuration::from_toml(&text, &path, &variable).map_err(unreadable)?;
        let source = known(source)?;
        let sandbox = start(py, &path.display().to_string(), configuration, source)?;
        // The app may change its directory.
        let file = path::absolute(&path).unwrap_or(path);
        // What can be read only once, such as a pipe, has nothing to follow.
        let current = if file.is_file() {
            Current::following(py, sandbox, text, file)
        } else {
            Current::fixed(py, sandbox)
        };
        Ok(Self { current })
    }

    /// Begins an exchange. None: it is not to be recorded, as any scope that is neither HTTP nor a websocket. `parent`: the
    /// place of a span around it, or else its headers name its parent.
    #[pyo3(signature = (scope, parent = None))]
    fn begin<'py>(
        &self,
        scope: &Bound<'py, PyAny>,
        parent: Option<&Bound<'py, PyAny>>,
    ) -> Option<Bound<'py, PyAny>> {
        guarded(|| {
            let py = scope.py();
            let parent = named(parent)?;
            let scope = scope.cast::<PyDict>()?;
            Ok(match message::kind(scope)?.to_str()? {
                "http" => match HttpExchange::begin(self.current.shared(), scope, parent) {
                    Some(exchange) => Some(Bound::new(py, exchange)?.into_any()),
                    None => None,
                },
                "websocket" => match WebSocketExchange::begin(self.current.shared(), scope, parent) {
                    Some(exchange) => Some(Bound::new(py, exchange)?.into_any()),
                    None => None,
                },
                _ => None,
            })
        })
        .flatten()
    }

    /// Opens the process's ring. Returns why it could not be opened, or None.
    fn open_ring(&self) -> Option<String> {
        process::open_ring(self.current.ring_size())
    }

    /// How the sandbox's code came here: `precompiled`, `cached` or `compiled`.
    #[getter]
    fn code(&self) -> &'static str {
        Sandbox::code()
    }
}

impl Recorder {
    /// What it records under.
    pub(crate) fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current)
    }
}

fn known(source: &str) -> PyResult<&'static str> {
    let found = SOURCES.into_iter().find(|known| *known == source);
    found.ok_or_else(|| PyValueError::new_err(format!("source: must be one of {SOURCES:?}, got {source:?}")))
}

fn start(
    py: Python<'_>,
    origin: &str,
    configuration: Configuration,
    source: &'static str,
) -> PyResult<Sandbox> {
    configuration.start(source).map_err(|unusable| match unusable {
        Unusable::Refused(problems) => settings::refused(py, origin, problems),
        Unusable::Broken(error) => PyRuntimeError::new_err(format!("{error:#}")),
    })
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}
