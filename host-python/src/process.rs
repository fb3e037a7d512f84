//! What a process has one of: the ring that it writes to, its source of ids, and its counters.

use crate::{
    clock, current,
    ids::{Ids, Pool},
};
use offpath_ring::{LossReason, Options, Producer, Refused, default_directory};
use pyo3::{prelude::*, types::PyDict};
use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

/// The kind of a ring record that is one encoded event.
const EVENT: u8 = 1;
/// How long to wait before trying again to make a ring: it takes milliseconds, in the app's own thread.
const RETRY_AFTER: Duration = Duration::from_secs(10);

static PROCESS: Mutex<Process> = Mutex::new(Process::new());
/// Changes in a forked child. Beside the lock, because every chunk asks for it.
static GENERATION: AtomicU32 = AtomicU32::new(0);
/// Bytes that an event may have, as the ring that is open says.
static LARGEST_EVENT: AtomicU32 = AtomicU32::new(1 << 20);

#[derive(Debug)]
struct Process {
    ring: Ring,
    ring_size: Option<u64>,
    pool: Pool,
    counters: Counters,
}

#[derive(Debug)]
enum Ring {
    /// Nothing was to be written yet.
    Unopened,
    Open(Box<Producer>),
    Failed {
        reason: String,
        at: Instant,
    },
    /// The app said that it is done.
    Sealed,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counters {
    captured: u64,
    unsampled: u64,
    truncated: u64,
    traps: u64,
    late: u64,
    internal_errors: u64,
    lost_without_ring: u64,
    lost: [u64; LossReason::ALL.len()],
}

impl Counters {
    const NONE: Self = Self {
        captured: 0,
        unsampled: 0,
        truncated: 0,
        traps: 0,
        late: 0,
        internal_errors: 0,
        lost_without_ring: 0,
        lost: [0; LossReason::ALL.len()],
    };

    fn lose(&mut self, reason: LossReason) {
        if let Some(count) = self.lost.get_mut(reason as usize) {
            *count = count.saturating_add(1);
        }
    }
}

impl Process {
    const fn new() -> Self {
        Self { ring: Ring::Unopened, ring_size: None, pool: Pool::new(), counters: Counters::NONE }
    }

    /// The producer, made if it is time to try. Where it cannot be made, the reason waits for `status()`.
    fn producer(&mut self) -> Option<&mut Producer> {
        let due = match &self.ring {
            Ring::Unopened => true,
            Ring::Failed { at, .. } => at.elapsed() >= RETRY_AFTER,
            // The exporter set the ring aside, because of what it found in it.
            Ring::Open(producer) => producer.retired(),
            Ring::Sealed => false,
        };
        if due {
            let options = self.ring_size.map_or_else(Options::default, |capacity| Options { capacity });
            self.ring = match Producer::create(&default_directory(), &options) {
                Ok(producer) => {
                    let largest = u32::try_from(producer.max_record()).unwrap_or(u32::MAX);
                    LARGEST_EVENT.store(largest, Ordering::Relaxed);
                    Ring::Open(Box::new(producer))
                }
                Err(error) => Ring::Failed { reason: error.to_string(), at: Instant::now() },
            };
        }
        match &mut self.ring {
            Ring::Open(producer) => Some(producer),
            _ => None,
        }
    }

    /// Writes an event, or counts why not. Returns whether it is written.
    fn write(&mut self, event: &[u8]) -> bool {
        let Some(producer) = self.producer() else {
            self.counters.lost_without_ring += 1;
            return false;
        };
        match producer.write(EVENT, event) {
            Ok(_) => return true,
            Err(Refused::Forked) => {
                // A child that no at-fork handler announced.
                self.forked();
                self.counters.lose(LossReason::Forked);
            }
            Err(refused) => self.counters.lose(refused.into()),
        }
        false
    }

    /// What a child must not share with its parent.
    fn forked(&mut self) {
        if let Ring::Open(producer) = std::mem::replace(&mut self.ring, Ring::Unopened) {
            producer.abandon_after_fork();
        }
        self.pool.clear();
        GENERATION.fetch_add(1, Ordering::Relaxed);
        self.counters = Counters::NONE;
    }
}

/// The process. A panic while it was locked left nothing half done that would matter.
fn process() -> MutexGuard<'static, Process> {
    PROCESS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Which process this is, among those forked from one another.
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Opens the ring now instead of at the first event. Returns why that failed.
pub(crate) fn open_ring(size: u64) -> Option<String> {
    let mut process = process();
    process.ring_size.get_or_insert(size);
    if matches!(process.ring, Ring::Sealed) {
        process.ring = Ring::Unopened;
    }
    process.producer();
    match &process.ring {
        Ring::Failed { reason, .. } => Some(reason.clone()),
        _ => None,
    }
}

/// Ids for an exchange that begins at `unix_ns`.
pub(crate) fn ids(unix_ns: u64) -> Option<Ids> {
    process().pool.next(unix_ns)
}

/// Bytes that an event may have.
pub(crate) fn max_event() -> u32 {
    LARGEST_EVENT.load(Ordering::Relaxed)
}

/// Commits an event, or counts why not.
pub(crate) fn commit(event: &[u8], truncated: bool) {
    let mut process = process();
    process.counters.truncated += u64::from(truncated);
    let written = process.write(event);
    process.counters.captured += u64::from(written);
}

/// Commits what is counted of an exchange that sampling left out, or counts why not.
pub(crate) fn commit_unsampled(event: &[u8]) {
    let mut process = process();
    let written = process.write(event);
    process.counters.unsampled += u64::from(written);
}

/// Counts an event that never came to be, here and in the ring, where the exporter sees it.
pub(crate) fn lose(reason: LossReason) {
    let mut process = process();
    process.counters.lose(reason);
    if let Ring::Open(producer) = &process.ring {
        producer.count_loss(reason, 1);
    }
}

/// Counts a guest that ended.
pub(crate) fn count_trap() {
    process().counters.traps += 1;
}

/// Counts something that the app did after the exchange was over.
pub(crate) fn count_late() {
    process().counters.late += 1;
}

/// Counts a fault of offpath's own that the app was kept from seeing.
pub(crate) fn count_internal_error() {
    process().counters.internal_errors += 1;
}

/// Whether the exporter has taken all that was committed; true also if nothing ever was.
#[pyfunction]
pub(crate) fn drained() -> bool {
    match &process().ring {
        Ring::Open(producer) => producer.consumed() >= producer.written(),
        _ => true,
    }
}

/// Ends the ring cleanly: the exporter may drain and remove it at once. What comes later is counted as lost.
#[pyfunction]
pub(crate) fn seal() {
    let mut process = process();
    if let Ring::Open(producer) = &mut process.ring {
        producer.seal();
    }
    process.ring = Ring::Sealed;
}

/// Leaves behind what a forked child must not share with its parent.
pub(crate) fn forked() {
    process().forked();
}

/// The counters of this process, as `offpath.status()` returns them.
#[pyfunction]
pub(crate) fn status(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let (counters, ring) = {
        let process = process();
        (process.counters, RingStatus::of(&process.ring))
    };
    let dropped = PyDict::new(py);
    for reason in LossReason::ALL {
        dropped.set_item(reason.name(), counters.lost.get(reason as usize).copied().unwrap_or(0))?;
    }
    dropped.set_item("no_ring", counters.lost_without_ring)?;
    let status = PyDict::new(py);
    status.set_item("captured", counters.captured)?;
    status.set_item("unsampled", counters.unsampled)?;
    status.set_item("truncated", counters.truncated)?;
    status.set_item("dropped", dropped)?;
    status.set_item("traps", counters.traps)?;
    status.set_item("after_the_end", counters.late)?;
    status.set_item("internal_errors", counters.internal_errors)?;
    status.set_item("config", current::status(py)?)?;
    status.set_item("ring", ring.to_dict(py)?)?;
    status.set_item("exporter_seen", ring.exporter_seen_seconds)?;
    Ok(status)
}

#[derive(Debug, Default)]
struct RingStatus {
    path: Option<String>,
    capacity: u64,
    used: u64,
    error: Option<String>,
    /// Seconds since an exporter last looked into the ring.
    exporter_seen_seconds: Option<f64>,
}

impl RingStatus {
    fn of(ring: &Ring) -> Self {
        match ring {
            Ring::Unopened | Ring::Sealed => Self::default(),
            Ring::Failed { reason, .. } => Self { error: Some(reason.clone()), ..Self::default() },
            Ring::Open(producer) => Self {
                path: Some(producer.path().display().to_string()),
                capacity: producer.capacity(),
                used: producer.used(),
                error: None,
                exporter_seen_seconds: producer.consumer_seen_unix_ns().map(seconds_since),
            },
        }
    }

    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let ring = PyDict::new(py);
        ring.set_item("path", &self.path)?;
        ring.set_item("capacity", self.capacity)?;
        ring.set_item("used", self.used)?;
        ring.set_item("error", &self.error)?;
        Ok(ring)
    }
}

fn seconds_since(unix_ns: u64) -> f64 {
    Duration::from_nanos(clock::unix_ns().saturating_sub(unix_ns)).as_secs_f64()
}
