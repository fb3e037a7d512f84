//! Stepping back behind the app that is watched.

use std::sync::OnceLock;

use rustix::process::{getpriority_process, setpriority_process};
use tracing::warn;

/// Lowers the scheduling priority of the calling thread by `nice` from what the process began with. On Linux
/// this is per thread, and inherited by what the thread starts from then on: a CMD that was started before
/// keeps its own.
pub(crate) fn lower(nice: i32) {
    /// The first thread to come here has not been lowered.
    static BEGAN_WITH: OnceLock<i32> = OnceLock::new();
    const LOWEST: i32 = 19;
    let began_with = *BEGAN_WITH.get_or_init(|| getpriority_process(None).unwrap_or(0));
    if let Err(error) = setpriority_process(None, (began_with + nice).min(LOWEST)) {
        warn!(%error, nice, "cannot lower the priority");
    }
}
