//! A place in a trace that is elsewhere: in another process, another service, or a queue.

use crate::place::Place;
use pyo3::prelude::*;

/// What spans and calls become parts of, although it is not here.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remote {
    place: Place,
}

impl Remote {
    /// A trace that goes on here.
    pub(crate) fn at(trace: u128, span: u64) -> Self {
        Self::new(trace, span, 1)
    }

    /// The place.
    pub(crate) fn place(&self) -> Place {
        self.place
    }
}

#[pymethods]
impl Remote {
    /// `span_id` may be 0: the trace is known, and nothing in it. Raises OverflowError for ids that are too long.
    #[new]
    #[pyo3(signature = (trace_id, span_id, flags = 1))]
    fn new(trace_id: u128, span_id: u64, flags: u8) -> Self {
        Self { place: Place { trace: trace_id, span: span_id, flags } }
    }
}
