//! The recorder: a configuration, and the sandbox that runs the core under it.

use crate::{
    asgi::{http::HttpExchange, message, websocket::WebSocketExchange},
    clock,
    guard::guarded,
    live::Live,
    process,
    sandbox::{Sandbox, Unusable},
    settings,
    texts::Texts,
};
use offpath_ring::LossReason;
use pyo3::{exceptions::PyRuntimeError, prelude::*, types::PyDict};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// One configuration and the sandbox that runs it.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct Recorder {
    shared: Arc<Shared>,
}

/// A sandbox, shared by the exchanges in it.
#[derive(Debug)]
pub(crate) struct Shared {
    sandbox: Mutex<Guarded>,
}

#[derive(Debug)]
pub(crate) struct Guarded {
    pub(crate) sandbox: Sandbox,
    /// The process that made the guest; see [`process::generation`].
    generation: u32,
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
        let guarded = Guarded { sandbox, generation: process::generation() };
        Ok(Self { shared: Arc::new(Shared { sandbox: Mutex::new(guarded) }) })
    }

    /// Begins an exchange. None: it is not to be recorded, as any scope that is neither HTTP nor a websocket.
    fn begin<'py>(&self, scope: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
        guarded(|| {
            let py = scope.py();
            let scope = scope.cast::<PyDict>()?;
            Ok(match message::kind(scope)?.to_str()? {
                "http" => match HttpExchange::begin(self, scope) {
                    Some(exchange) => Some(Bound::new(py, exchange)?.into_any()),
                    None => None,
                },
                "websocket" => match WebSocketExchange::begin(self, scope) {
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

impl Shared {
    /// The sandbox. In a forked child the guest is a new one.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Guarded> {
        let mut guarded = self.sandbox.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = process::generation();
        if guarded.generation != generation {
            guarded.generation = generation;
            guarded.sandbox.abandon();
        }
        guarded
    }
}

impl Recorder {
    /// Begins an exchange; `None` if it is not to be recorded, or cannot be.
    pub(crate) fn live(&self, head: &Texts) -> Option<Live> {
        let start = Instant::now();
        let unix_ns = clock::unix_ns();
        let ids = process::ids(unix_ns)?;
        let mut guarded = self.shared.lock();
        let Guarded { sandbox, generation } = &mut *guarded;
        if sandbox.renew().is_err() {
            process::lose(LossReason::Internal);
            return None;
        }
        let era = sandbox.era();
        let (event_high, event_low) = halves(ids.event);
        let (trace_high, trace_low) = halves(ids.trace);
        let plan = sandbox.call(era, |guest, store| {
            guest.call_begin(
                store,
                unix_ns,
                event_high,
                event_low,
                trace_high,
                trace_low,
                ids.span,
                head.as_bytes(),
            )
        });
        let Some(plan) = plan else {
            process::lose(sandbox.ended_because());
            return None;
        };
        (plan.exchange != 0).then(|| Live::new(Arc::clone(&self.shared), plan, era, *generation, start))
    }
}

#[allow(clippy::cast_possible_truncation, reason = "cutting the number in half is the point")]
fn halves(id: u128) -> (u64, u64) {
    ((id >> 64) as u64, id as u64)
}
