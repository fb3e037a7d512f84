//! What a person is told, by the logger `offpath`.

use crate::guard::guarded;
use pyo3::prelude::*;

/// How loud.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Level {
    Info,
    Warning,
    Error,
}

/// Logs one line, or several. To be called with no lock held: the app's handlers may do anything.
pub(crate) fn log(py: Python<'_>, level: Level, text: &str) {
    let method = match level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    guarded(|| {
        let logger = py.import("logging")?.call_method1("getLogger", ("offpath",))?;
        logger.call_method1(method, ("offpath: %s", text))
    });
}
