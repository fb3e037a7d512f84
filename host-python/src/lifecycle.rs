//! What is to happen when the process forks, and when the interpreter ends.
//!
//! Both end the thread that follows configuration files first. A child has none of its parent's threads, but all locks
//! as they were: those of wasmtime, which the thread held, would stay locked there for ever. From CPython 3.12 on, it also
//! warns of whatever thread there is at a fork. And a thread that waits for the GIL while the interpreter ends takes the
//! process down with it.

use crate::{follow, process, spans};
use pyo3::prelude::*;

/// Called before the process forks.
#[pyfunction]
pub(crate) fn before_fork(py: Python<'_>) {
    follow::pause(py);
}

/// Called in the parent when the process has forked, or could not.
#[pyfunction]
pub(crate) fn after_fork_in_parent() {
    follow::forked();
}

/// Called in a forked child before any of its Python code runs.
#[pyfunction]
pub(crate) fn after_fork_in_child() {
    follow::forked_off();
    process::forked();
    spans::forget_all();
}

/// Called when the interpreter is about to end: no thread attaches from here on, spans in progress end
/// as they are, and the ring ends cleanly.
#[pyfunction]
pub(crate) fn at_exit(py: Python<'_>) {
    follow::pause(py);
    spans::end_all();
    process::seal();
}
