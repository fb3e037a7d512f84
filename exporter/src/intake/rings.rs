//! From the rings into the spool: one thread that finds rings, empties them, and never waits for a sink or a sync.
//!
//! ```text
//! every pass:    each ring: read a turn ─> spool (one write) ─> release
//! every 100 ms:  look for new rings; which are over; heartbeats; every second: what each ring lost
//! ```
//!
//! A record that was taken before a crash and not released is read again, and known by ring and sequence. If
//! the spool cannot be written, the records stay in their rings, which fill up, and count what they then
//! refuse.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use offpath_ring::{Consumer, ConsumerLock, OpenError, remove_leftovers, rings, set_aside};
use tracing::{info, warn};

use super::{
    journal::{Journal, SharedJournal},
    ring::{Ring, Turn},
};
use crate::{health::Health, ids, metrics::Metrics, signal::Signal};

/// The ring's record kind for an encoded event.
const EVENT: u8 = 1;

const RESCAN: Duration = Duration::from_millis(100);

/// The pause between passes doubles while the rings are nearly empty, and halves while they fill: a ring has room for
/// much more than what comes in the longest pause, and each pass costs the machine that the app runs on.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// Records in a pass from which on the pause is made shorter.
const BUSY: usize = 256;

/// How full a ring may be found before the pause is made shorter: the rest is for the moments in which the machine runs
/// something else.
const FULL: f64 = 1.0 / 16.0;

/// How long the rings of a busy app are emptied once the intake is told to stop.
const LAST_PASSES: Duration = Duration::from_secs(5);

/// How long to wait before a write that failed is tried again.
const RETRY: Duration = Duration::from_millis(100);

/// Takes from all rings of a directory.
#[derive(Debug)]
pub struct Rings {
    directory: PathBuf,
    _lock: ConsumerLock,
    journal: SharedJournal,
    metrics: Metrics,
    health: Health,
    open: BTreeMap<PathBuf, Ring>,
    /// Rings that cannot be opened and cannot be moved away either: told once.
    refused: BTreeSet<PathBuf>,
    rescan_due: Instant,
}

impl Rings {
    /// An intake that has not looked at any ring yet.
    #[must_use]
    pub fn new(
        directory: &Path,
        lock: ConsumerLock,
        journal: SharedJournal,
        metrics: Metrics,
        health: Health,
    ) -> Self {
        Self {
            directory: directory.to_owned(),
            _lock: lock,
            journal,
            metrics,
            health,
            open: BTreeMap::new(),
            refused: BTreeSet::new(),
            rescan_due: Instant::now(),
        }
    }

    /// Takes until `stop` is set, and then until the rings are empty.
    pub fn run(mut self, stop: &Signal) {
        let (mut pause, mut last_pass) = (LONGEST_PAUSE, None);
        loop {
            let stopping = stop.is_set();
            if stopping || Instant::now() >= self.rescan_due {
                self.rescan();
            }
            match self.pass(stopping) {
                Err(_) => {
                    self.show_life();
                    thread::sleep(RETRY);
                }
                Ok(passed) if stopping && passed.records == 0 => return,
                Ok(_) if stopping => {
                    // An app that goes on writing leaves no ring empty; what comes now waits for the next start.
                    if Instant::now() >= *last_pass.get_or_insert(Instant::now() + LAST_PASSES) {
                        return;
                    }
                }
                Ok(passed) => {
                    pause = if passed.is_busy() { pause / 2 } else { pause * 2 };
                    pause = pause.clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
                    if !passed.left_some {
                        let _ = stop.wait(pause);
                    }
                }
            }
        }
    }

    /// Opens rings that are new, and shows life.
    fn rescan(&mut self) {
        self.rescan_due = Instant::now() + RESCAN;
        match rings(&self.directory) {
            Ok(paths) => paths.into_iter().for_each(|path| self.open_ring(path)),
            Err(error) if self.health.fail("rings", error.to_string()) => {
                warn!(directory = %self.directory.display(), %error, "cannot look for rings");
            }
            Err(_) => return,
        }
        self.health.recover("rings");
        if let Err(error) = remove_leftovers(&self.directory) {
            warn!(directory = %self.directory.display(), %error, "cannot remove unfinished rings");
        }
        self.show_life();
        for ring in self.open.values() {
            self.metrics.ring_used(&ring.producer, ring.consumer.used_ratio());
        }
    }

    fn open_ring(&mut self, path: PathBuf) {
        if self.open.contains_key(&path) || self.refused.contains(&path) {
            return;
        }
        match Consumer::open(&path) {
            Ok(consumer) => {
                info!(ring = %path.display(), pid = consumer.info().pid, "found a ring");
                let ring = Ring::new(consumer);
                self.journal.lock().keep(ring.id());
                self.open.insert(path, ring);
            }
            Err(OpenError::Gone { .. }) => {}
            Err(error @ OpenError::Io { .. }) => {
                warn!(%error, "cannot open a ring; it stays as it is");
                self.refused.insert(path);
            }
            Err(error) => {
                warn!(%error, "set a ring aside");
                self.journal.lock().lose("ring_corrupt", 1, "");
                if let Err(error) = set_aside(&path) {
                    warn!(ring = %path.display(), %error, "cannot rename the ring");
                    self.refused.insert(path);
                }
            }
        }
    }

    /// Gives each ring one turn.
    fn pass(&mut self, at_once: bool) -> io::Result<Passed> {
        // What an earlier pass could not write. Its ring is released with the next turn.
        self.journal.lock().commit()?;
        let mut passed = Passed::default();
        let paths: Vec<PathBuf> = self.open.keys().cloned().collect();
        for path in paths {
            let Some(mut ring) = self.open.remove(&path) else { continue };
            passed.fullest = passed.fullest.max(ring.consumer.used_ratio());
            match self.turn(&mut ring, at_once) {
                Ok(Next::Keep(count)) => {
                    passed.records += count;
                    passed.left_some |= ring.has_another_turn();
                    self.open.insert(path, ring);
                }
                Ok(Next::Remove) => self.remove(ring),
                Ok(Next::SetAside) => self.set_aside(ring),
                Err(error) => {
                    self.open.insert(path, ring);
                    return Err(error);
                }
            }
        }
        Ok(passed)
    }

    fn turn(&mut self, ring: &mut Ring, at_once: bool) -> io::Result<Next> {
        // Before the read: what is written between the two would be left behind.
        let is_over = ring.consumer.backlog() == 0 && ring.is_over();
        let (id, name) = (ring.id(), ring_name(ring.id()));
        let mut journal = self.journal.lock();
        let turn = take(ring, &mut journal, &name);
        if let Some(losses) = ring.new_losses(at_once || is_over) {
            journal.report_losses(id, losses, &name);
        }
        let next = match turn {
            Turn::Took(count) => Next::Keep(count),
            Turn::Empty if is_over => Next::Remove,
            Turn::Empty => Next::Keep(0),
            Turn::Corrupt(corrupt) => {
                let skipped = ring.consumer.skip_unread();
                warn!(ring = %ring.consumer.path().display(), error = %corrupt, ?skipped, "set a corrupt ring aside");
                journal.lose("ring_corrupt", skipped.records.unwrap_or(1).max(1), &name);
                Next::SetAside
            }
        };
        journal.commit()?;
        ring.consumer.release();
        Ok(next)
    }

    fn remove(&mut self, ring: Ring) {
        let (path, id) = (ring.consumer.path().to_owned(), ring.id());
        self.metrics.ring_gone(&ring.producer);
        match ring.consumer.remove() {
            Ok(()) => {
                info!(ring = %path.display(), "removed a ring whose producer has ended");
                self.journal.lock().forget(id);
            }
            Err(error) => {
                warn!(ring = %path.display(), %error, "cannot remove a ring");
                self.refused.insert(path);
            }
        }
    }

    fn set_aside(&mut self, ring: Ring) {
        let path = ring.consumer.path().to_owned();
        self.journal.lock().heard(ring.id());
        self.metrics.ring_gone(&ring.producer);
        if let Err(error) = ring.consumer.set_aside() {
            warn!(ring = %path.display(), %error, "cannot rename the ring");
            self.refused.insert(path);
        }
    }

    /// Tells all producers that somebody is there.
    fn show_life(&self) {
        let now = ids::now_unix_ns();
        self.open.values().for_each(|ring| ring.consumer.heartbeat(now));
    }
}

/// Moves a turn's worth of records from the ring into the spool's batch.
fn take(ring: &mut Ring, journal: &mut Journal, name: &str) -> Turn {
    let mut records = journal.records(ring.id());
    let turn =
        ring.read(|record| records.take(record.sequence, (record.kind == EVENT).then_some(record.payload)));
    records.finish(name);
    turn
}

/// What a pass came to.
#[derive(Debug, Default)]
struct Passed {
    records: usize,
    /// How full the fullest ring was found.
    fullest: f64,
    /// Whether a ring holds another turn's worth already.
    left_some: bool,
}

impl Passed {
    fn is_busy(&self) -> bool {
        self.records >= BUSY || self.fullest >= FULL
    }
}

/// What becomes of a ring after its turn.
enum Next {
    /// It stays, having brought this many records.
    Keep(usize),
    Remove,
    SetAside,
}

fn ring_name(id: u128) -> String {
    format!("{id:032x}")
}
