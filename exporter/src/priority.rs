//! Stepping back behind the app that is watched.

use tracing::warn;

/// Lowers the scheduling priority of the calling thread, and of the threads and processes that it starts from now on, by
/// `nice`. On Linux nice(2) is per thread, so that a CMD that was started before keeps its own.
pub(crate) fn lower(nice: i32) {
    if let Err(error) = rustix::process::nice(nice) {
        warn!(%error, nice, "cannot lower the priority");
    }
}
