//! What a generator yields, as long as it does: the first items, or, where all are texts, their beginning.

use pyo3::{
    PyTraverseError, PyVisit,
    prelude::*,
    types::{PyList, PyString},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::text;

/// Items, of which no more are held than will be shown.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct Yielded {
    most_bytes: usize,
    most_items: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    items: Vec<Py<PyAny>>,
    count: usize,
    /// All of them together, if all are texts.
    text: String,
    /// Characters that are not in `text`.
    more: usize,
    is_mixed: bool,
}

impl Yielded {
    pub(super) fn new(most_bytes: usize, most_items: usize) -> Self {
        Self { most_bytes, most_items, state: Mutex::default() }
    }

    /// What the texts come to, and how many characters more there were; `None` if not all are texts.
    pub(super) fn text(&self) -> Option<(String, usize)> {
        let state = self.state();
        (!state.is_mixed && state.count > 0).then(|| (state.text.clone(), state.more))
    }

    /// The items that are held, and whether there were more.
    pub(super) fn items<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyList>, bool)> {
        let (items, count) = {
            let state = self.state();
            (state.items.iter().map(|item| item.clone_ref(py)).collect::<Vec<_>>(), state.count)
        };
        let more = count - items.len();
        let list = PyList::new(py, items)?;
        if more > 0 {
            let s = if more == 1 { "" } else { "s" };
            list.append(format!("… {more} more item{s}"))?;
        }
        Ok((list, more > 0))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Yielded {
    /// For Python's collector.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // A lock that is held belongs to a thread that is adding to it: no garbage.
        self.state.try_lock().map_or(Ok(()), |state| state.items.iter().try_for_each(|item| visit.call(item)))
    }

    /// One more item was yielded.
    fn push(&self, item: &Bound<'_, PyAny>) {
        let piece = item.cast::<PyString>().ok();
        let room = self.most_bytes.saturating_sub(self.state().text.len());
        let read = piece.map(|piece| {
            text::first(piece, room, |piece, more| {
                let fits = piece.get(..piece.floor_char_boundary(room)).unwrap_or(piece);
                (fits.to_owned(), more + piece.get(fits.len()..).map_or(0, |rest| rest.chars().count()))
            })
        });
        let mut state = self.state();
        state.count += 1;
        match read {
            Some((piece, more)) => {
                state.text.push_str(&piece);
                state.more += more;
            }
            None => state.is_mixed = true,
        }
        if state.items.len() < self.most_items {
            state.items.push(item.clone().unbind());
        }
    }
}
