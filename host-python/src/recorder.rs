//! The recorder: a configuration, and the sandbox that runs the core under it.

use crate::{
    asgi::{http::HttpExchange, message, websocket::WebSocketExchange},
    current::Current,
    guard::guarded,
    process,
    sandbox::{Sandbox, Unusable},
    settings::{self, Configuration},
};
use pyo3::{exceptions::PyRuntimeError, prelude::*, types::PyDict};
use std::{
    env,
    path::{self, PathBuf},
    sync::Arc,
};

/// One configuration and the sandbox that runs it.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct Recorder {
    current: Arc<Current>,
}

#[pymethods]
impl Recorder {
    /// Takes a configuration that stays as it is: JSON.
    #[new]
    fn new(py: Python<'_>, json: String) -> PyResult<Self> {
        let configuration = Configuration::from_json(json, &variable);
        let sandbox = start(py, "", configuration)?;
        Ok(Self { current: Current::fixed(py, sandbox) })
    }

    /// Takes the configuration in a file, TOML, and follows its changes.
    #[staticmethod]
    fn from_file(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let unreadable = |problem| settings::refused(py, "", vec![problem]);
        let text = settings::read(&path).map_err(unreadable)?;
        let configuration = Configuration::from_toml(&text, &path, &variable).map_err(unreadable)?;
        let sandbox = start(py, &path.display().to_string(), configuration)?;
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

    /// Begins an exchange. None: it is not to be recorded, as any scope that is neither HTTP nor a websocket.
    fn begin<'py>(&self, scope: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
        guarded(|| {
            let py = scope.py();
            let scope = scope.cast::<PyDict>()?;
            Ok(match message::kind(scope)?.to_str()? {
                "http" => match HttpExchange::begin(self.current.shared(), scope) {
                    Some(exchange) => Some(Bound::new(py, exchange)?.into_any()),
                    None => None,
                },
                "websocket" => match WebSocketExchange::begin(self.current.shared(), scope) {
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

fn start(py: Python<'_>, origin: &str, configuration: Configuration) -> PyResult<Sandbox> {
    configuration.start().map_err(|unusable| match unusable {
        Unusable::Refused(problems) => settings::refused(py, origin, problems),
        Unusable::Broken(error) => PyRuntimeError::new_err(format!("{error:#}")),
    })
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}
