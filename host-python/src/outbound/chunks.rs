//! The chunks of a body on their way between client library and caller: handed on as they are, one by one, and looked at
//! in passing. Iterators in Rust, because a generator in Python would cost each chunk more than recording it does.

use super::exchange::OutboundExchange;
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyStopAsyncIteration, PyStopIteration},
    intern,
    prelude::*,
    types::{PyIterator, PyTuple, iterator::PySendResult},
};

/// Which way chunks go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// To the upstream.
    Out,
    /// To the caller.
    In,
}

/// Whose chunks they are, and which way they go; `None`: they are not looked at.
#[derive(Debug)]
struct Observer {
    exchange: Py<OutboundExchange>,
    way: Option<Way>,
}

impl Observer {
    /// Of a request body that is sent again, by whoever tries again below, the first time is recorded.
    fn new(exchange: &Bound<'_, OutboundExchange>, way: Way) -> Self {
        let first = way == Way::In || exchange.get().begins_to_send();
        Self { exchange: exchange.clone().unbind(), way: first.then_some(way) }
    }

    fn clone_ref(&self, py: Python<'_>) -> Self {
        Self { exchange: self.exchange.clone_ref(py), way: self.way }
    }

    fn chunk(&self, chunk: &Bound<'_, PyAny>) {
        if let Some(way) = self.way {
            self.exchange.get().chunk(way, chunk);
        }
    }

    fn ended(&self) {
        if self.way == Some(Way::In) {
            self.exchange.get().completed();
        }
    }

    fn broke(&self, py: Python<'_>, error: &PyErr) {
        if let Some(way) = self.way {
            self.exchange.get().broke(way, error.value(py));
        }
    }
}

/// The chunks of a body.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct Chunks {
    observer: Observer,
    inner: Py<PyIterator>,
}

impl Chunks {
    /// Raises what `iter(stream)` raises.
    pub(crate) fn new(
        exchange: &Bound<'_, OutboundExchange>,
        way: Way,
        stream: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let inner = stream.try_iter()?.unbind();
        Ok(Self { observer: Observer::new(exchange, way), inner })
    }
}

#[pymethods]
impl Chunks {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.inner)
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let next = self.inner.bind(py).clone().next().transpose();
        match &next {
            Ok(Some(chunk)) => self.observer.chunk(chunk),
            Ok(None) => self.observer.ended(),
            Err(error) => self.observer.broke(py, error),
        }
        next
    }
}

/// The chunks of a body that come asynchronously. It has the methods of an asynchronous generator, as what it stands in
/// the place of: httpx2 closes one when it has had enough of it.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct AsyncChunks {
    observer: Observer,
    inner: Py<PyAny>,
}

impl AsyncChunks {
    /// Raises what `aiter(stream)` raises.
    pub(crate) fn new(
        exchange: &Bound<'_, OutboundExchange>,
        way: Way,
        stream: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let inner = stream.call_method0(intern!(stream.py(), "__aiter__"))?.unbind();
        Ok(Self { observer: Observer::new(exchange, way), inner })
    }

    fn next(&self, awaitable: &Bound<'_, PyAny>) -> PyResult<Next> {
        let py = awaitable.py();
        // The awaitable of a generator is its own iterator; asking it would cost as much as its step.
        let steps = match awaitable.cast::<PyIterator>() {
            Ok(_) => awaitable.clone().unbind(),
            Err(_) => awaitable.call_method0(intern!(py, "__await__"))?.unbind(),
        };
        Ok(Next { observer: self.observer.clone_ref(py), steps: Some(steps) })
    }
}

#[pymethods]
impl AsyncChunks {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.inner)
    }

    fn __aiter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __anext__(&self, py: Python<'_>) -> PyResult<Next> {
        self.next(&self.inner.bind(py).call_method0(intern!(py, "__anext__"))?)
    }

    fn asend(&self, value: &Bound<'_, PyAny>) -> PyResult<Next> {
        let py = value.py();
        self.next(&self.inner.bind(py).call_method1(intern!(py, "asend"), (value,))?)
    }

    #[pyo3(signature = (*error))]
    fn athrow<'py>(&self, error: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        let py = error.py();
        self.inner.bind(py).call_method1(intern!(py, "athrow"), error)
    }

    fn aclose<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.inner.bind(py).getattr_opt(intern!(py, "aclose"))? {
            Some(aclose) => aclose.call0(),
            // What is no generator has nothing to close.
            None => {
                Ok(Bound::new(py, Next { observer: self.observer.clone_ref(py), steps: None })?.into_any())
            }
        }
    }
}

/// One chunk that is awaited.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct Next {
    observer: Observer,
    /// The steps until it comes; none, and it is there at once.
    steps: Option<Py<PyAny>>,
}

impl Next {
    /// What awaiting it comes to: a chunk, an end or an error.
    fn ended(&self, py: Python<'_>, error: PyErr) -> PyErr {
        if error.is_instance_of::<PyStopIteration>(py) {
            let value = error.value(py).getattr(intern!(py, "value"));
            value.iter().for_each(|chunk| self.observer.chunk(chunk));
        } else if error.is_instance_of::<PyStopAsyncIteration>(py) {
            self.observer.ended();
        } else {
            self.observer.broke(py, &error);
        }
        error
    }
}

#[pymethods]
impl Next {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.steps.iter().try_for_each(|steps| visit.call(steps))
    }

    fn __await__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.send(&py.None().into_bound(py))
    }

    fn send<'py>(&self, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = value.py();
        let Some(steps) = &self.steps else { return Err(PyStopIteration::new_err(())) };
        match steps.bind(py).cast::<PyIterator>()?.send(value) {
            Ok(PySendResult::Next(step)) => Ok(step),
            Ok(PySendResult::Return(chunk)) => {
                self.observer.chunk(&chunk);
                Err(PyStopIteration::new_err((chunk.unbind(),)))
            }
            Err(error) => Err(self.ended(py, error)),
        }
    }

    #[pyo3(signature = (*error))]
    fn throw<'py>(&self, error: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        let py = error.py();
        let Some(steps) = &self.steps else { return Err(PyStopIteration::new_err(())) };
        let thrown = steps.bind(py).call_method1(intern!(py, "throw"), error);
        thrown.map_err(|error| self.ended(py, error))
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        match &self.steps {
            Some(steps) => steps.bind(py).call_method0(intern!(py, "close")).map(drop),
            None => Ok(()),
        }
    }
}
