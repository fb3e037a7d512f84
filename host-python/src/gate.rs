//! What a background thread must not be in the middle of when the process forks, or when the interpreter ends.
//!
//! A forked child has none of its parent's threads, but all locks as they were: what a thread had locked stays locked
//! there for ever. And a thread that waits for the GIL while the interpreter ends takes the process down with it. So
//! whoever forks, or ends, closes a [`Gate`] first, and waits until nobody is inside.

use crate::process;
use pyo3::prelude::*;
use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// For threads that make a guest: wasmtime has locks of its own. Closed while the process forks.
pub(crate) static SANDBOX: Gate = Gate::new();
/// For threads that attach to the interpreter. Closed when it ends.
pub(crate) static INTERPRETER: Gate = Gate::new();

/// How long whoever closes a gate waits at most. What is done inside takes milliseconds, unless a logging handler hangs.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(1);

/// Lets threads in, until it is closed.
#[derive(Debug)]
pub(crate) struct Gate {
    inside: AtomicU32,
    /// How many have closed it.
    closed: AtomicU32,
}

/// A thread's stay inside.
#[derive(Debug)]
pub(crate) struct Inside<'a>(&'a Gate);

impl Gate {
    const fn new() -> Self {
        Self { inside: AtomicU32::new(0), closed: AtomicU32::new(0) }
    }

    /// Goes in; `None` while it is closed.
    pub(crate) fn enter(&self) -> Option<Inside<'_>> {
        // In before the look, as whoever closes looks after the closing: one of the two sees the other.
        self.inside.fetch_add(1, Ordering::SeqCst);
        let inside = Inside(self);
        (self.closed.load(Ordering::SeqCst) == 0).then_some(inside)
    }

    /// Lets nobody in any more, and waits until all are out. Those inside may need the GIL to come out.
    fn close(&self, py: Python<'_>) {
        self.closed.fetch_add(1, Ordering::SeqCst);
        let empty = || self.inside.load(Ordering::SeqCst) == 0;
        if empty() {
            return;
        }
        py.detach(|| {
            let start = Instant::now();
            while !empty() && start.elapsed() < PATIENCE {
                thread::sleep(PAUSE);
            }
        });
    }

    fn open(&self) {
        self.closed.fetch_sub(1, Ordering::SeqCst);
    }

    /// In a child there is nobody yet who could be inside, or have closed it.
    fn forget(&self) {
        self.inside.store(0, Ordering::SeqCst);
        self.closed.store(0, Ordering::SeqCst);
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        // Not below 0: in a child that was forked inside, the stay is forgotten already.
        let less = |inside: u32| inside.checked_sub(1);
        let _ = self.0.inside.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
    }
}

/// Called before the process forks.
#[pyfunction]
pub(crate) fn before_fork(py: Python<'_>) {
    SANDBOX.close(py);
}

/// Called in the parent when the process has forked, or could not.
#[pyfunction]
pub(crate) fn after_fork_in_parent() {
    SANDBOX.open();
}

/// Called in a forked child before any of its Python code runs.
#[pyfunction]
pub(crate) fn after_fork_in_child() {
    SANDBOX.forget();
    INTERPRETER.forget();
    process::forked();
}

/// Called when the interpreter is about to end: no thread attaches from here on, and the ring ends cleanly.
#[pyfunction]
pub(crate) fn at_exit(py: Python<'_>) {
    INTERPRETER.close(py);
    process::seal();
}
