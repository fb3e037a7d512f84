//! A read that may hang, as on a network file system that is gone, and the forks that do not wait for it.
//!
//! Who reads holds no lock that a child would miss, but might take one at any moment after. So a fork that does not wait
//! says so, and what was read then is not looked at: the thread ends instead.

use crate::settings::{self, Problem};
use std::{
    path::Path,
    sync::atomic::{AtomicU8, Ordering::SeqCst},
    time::Duration,
};

/// A fork waits so long for a read, and the next ones not at all.
const LONG: Duration = Duration::from_millis(100);

const IDLE: u8 = 0;
const READING: u8 = 1;
/// It reads, and who wanted the thread to end waits no more.
const HANGS: u8 = 2;
static STATE: AtomicU8 = AtomicU8::new(IDLE);

/// The file's text; `None` if the thread is to end, and nobody has waited for it.
pub(super) fn read(file: &Path) -> Option<Result<String, Problem>> {
    STATE.store(READING, SeqCst);
    let found = settings::read_again(file);
    (STATE.swap(IDLE, SeqCst) == READING).then_some(found)
}

/// Whether who has waited so long for the thread's end is to wait no more.
pub(super) fn hangs(waited: Duration) -> bool {
    match STATE.load(SeqCst) {
        HANGS => true,
        READING => waited >= LONG && STATE.compare_exchange(READING, HANGS, SeqCst, SeqCst).is_ok(),
        _ => false,
    }
}

/// In a forked child there is nobody who reads.
pub(super) fn forget() {
    STATE.store(IDLE, SeqCst);
}
