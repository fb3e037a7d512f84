//! The wall between offpath and the app: whatever goes wrong behind it stays there and is counted.

use crate::process;
use pyo3::PyResult;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs what observes the app. An error or a panic becomes a count in `offpath.status()`, and `None`.
pub(crate) fn guarded<T>(observe: impl FnOnce() -> PyResult<T>) -> Option<T> {
    // Unwinding leaves locks poisoned at worst; `process` and `live` take poisoned locks as they are.
    match catch_unwind(AssertUnwindSafe(observe)) {
        Ok(Ok(value)) => Some(value),
        Ok(Err(_)) | Err(_) => {
            process::count_internal_error();
            None
        }
    }
}
