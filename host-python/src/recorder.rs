//! The recorder: a configuration, and the sandbox that runs the core under it.

use crate::{
    asgi::{http::HttpExchange, message, websocket::WebSocketExchange},
    guard::guarded,
    process,
    sandbox::{Sandbox, Unusable},
    settings,
    shared::Shared,
};
use pyo3::{exceptions::PyRuntimeError, prelude::*, types::PyDict};
use std::sync::Arc;

/// One configuration and the sandbox that runs it.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct Recorder {
    shared: Arc<Shared>,
}

#[pymethods]
impl Recorder {
    /// Takes a configuration: `text` is JSON, or TOML that came from the file `origin`.
    #[new]
    #[pyo3(signature = (text, *, toml, origin = ""))]
    fn new(py: Python<'_>, text: String, toml: bool, origin: &str) -> PyResult<Self> {
        let json = if toml {
            settings::toml_to_json(&text).map_err(|reason| settings::unreadable(py, origin, &reason))?
        } else {
            text
        };
        let sandbox = Sandbox::new(json).map_err(|unusable| match unusable {
            Unusable::Refused(errors) => settings::refused(py, origin, errors),
            Unusable::Broken(error) => PyRuntimeError::new_err(format!("{error:#}")),
        })?;
        Ok(Self { shared: Arc::new(Shared::new(sandbox)) })
    }

    /// Begins an exchange. None: it is not to be recorded, as any scope that is neither HTTP nor a websocket.
    fn begin<'py>(&self, scope: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
        guarded(|| {
            let py = scope.py();
            let scope = scope.cast::<PyDict>()?;
            Ok(match message::kind(scope)?.to_str()? {
                "http" => match HttpExchange::begin(&self.shared, scope) {
                    Some(exchange) => Some(Bound::new(py, exchange)?.into_any()),
                    None => None,
                },
                "websocket" => match WebSocketExchange::begin(&self.shared, scope) {
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
        let size = self.shared.lock().sandbox.settings().ring_size;
        process::open_ring(size)
    }

    /// How the sandbox's code came here: `precompiled`, `cached` or `compiled`.
    #[getter]
    fn code(&self) -> &'static str {
        Sandbox::code()
    }
}
