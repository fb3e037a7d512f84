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

use offpath_core::{
    config::Service,
    event::{self, Event},
};
use offpath_ring::{Consumer, ConsumerLock, OpenError, remove_leftovers, rings, set_aside};
use tracing::{info, warn};

use super::{
    peek,
    ring::{Ring, Turn},
};
use crate::{health::Health, ids, metrics::Metrics, signal::Signal, sinks::is_disk_full, spool::Writer};

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
    writer: Writer,
    service: Service,
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
        writer: Writer,
        service: Service,
        metrics: Metrics,
        health: Health,
    ) -> Self {
        Self {
            directory: directory.to_owned(),
            _lock: lock,
            writer,
            service,
            metrics,
            health,
            open: BTreeMap::new(),
            refused: BTreeSet::new(),
            rescan_due: Instant::now(),
        }
    }

    /// Takes until `stop` is set, and then until the rings are empty.
    pub fn run(mut self, stop: &Signal) {
        self.rescan();
        self.forget_rings_that_are_gone();
        let (mut pause, mut last_pass) = (LONGEST_PAUSE, None);
        loop {
            let stopping = stop.is_set();
            if stopping || Instant::now() >= self.rescan_due {
                self.rescan();
            }
            match self.pass(stopping) {
                Err(error) => {
                    self.cannot_write(&error);
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
                    self.can_write();
                    pause = if passed.is_busy() { pause / 2 } else { pause * 2 };
                    pause = pause.clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
                    if !passed.left_some {
                        let _ = stop.wait(pause);
                    }
                }
            }
        }
    }

    /// Opens rings that are new, and tells all that somebody is there.
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
        let now = ids::now_unix_ns();
        for ring in self.open.values() {
            ring.consumer.heartbeat(now);
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
                self.open.insert(path, Ring::new(consumer));
            }
            Err(OpenError::Gone { .. }) => {}
            Err(error @ OpenError::Io { .. }) => {
                warn!(%error, "cannot open a ring; it stays as it is");
                self.refused.insert(path);
            }
            Err(error) => {
                warn!(%error, "set a ring aside");
                self.lose("ring_corrupt", 1, "");
                if let Err(error) = set_aside(&path) {
                    warn!(ring = %path.display(), %error, "cannot rename the ring");
                    self.refused.insert(path);
                }
            }
        }
    }

    /// After a start, the spool may know of rings that were removed when nobody looked.
    fn forget_rings_that_are_gone(&mut self) {
        let here: BTreeSet<u128> = self.open.values().map(Ring::id).collect();
        self.writer.states_mut().retain(|ring| here.contains(&ring));
    }

    /// Gives each ring one turn.
    fn pass(&mut self, at_once: bool) -> io::Result<Passed> {
        // What an earlier pass could not write. Its ring is released with the next turn.
        self.commit()?;
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
        let turn = self.take(ring);
        self.report_losses(ring, at_once || is_over);
        let next = match turn {
            Turn::Took(count) => Next::Keep(count),
            Turn::Empty if is_over => Next::Remove,
            Turn::Empty => Next::Keep(0),
            Turn::Corrupt(corrupt) => {
                let skipped = ring.consumer.skip_unread();
                warn!(ring = %ring.consumer.path().display(), error = %corrupt, ?skipped, "set a corrupt ring aside");
                self.lose("ring_corrupt", skipped.records.unwrap_or(1).max(1), &ring_name(ring.id()));
                Next::SetAside
            }
        };
        self.commit()?;
        ring.consumer.release();
        Ok(next)
    }

    /// Moves a turn's worth of records from the ring into the spool's batch.
    fn take(&mut self, ring: &mut Ring) -> Turn {
        let (id, now) = (ring.id(), ids::now_unix_ns());
        let (mut unreadable, mut too_big) = (0, 0);
        let turn = ring.read(|record| {
            if self.writer.has(id, record.sequence) {
                return;
            }
            let source = (record.kind == EVENT).then(|| peek::source(record.payload)).flatten();
            match source {
                None => unreadable += 1,
                Some(source) if self.writer.push(id, record.sequence, now, record.payload) => {
                    self.metrics.event(&source);
                }
                Some(_) => too_big += 1,
            }
        });
        self.lose("undecodable", unreadable, &ring_name(id));
        self.lose("too_big", too_big, &ring_name(id));
        turn
    }

    /// Turns what the ring counted, and the spool does not know of, into events.
    fn report_losses(&mut self, ring: &mut Ring, at_once: bool) {
        let Some(losses) = ring.new_losses(at_once) else { return };
        let known = self.writer.states().get(ring.id()).cloned().unwrap_or_default();
        for (reason, counter) in losses {
            let new = counter.saturating_sub(known.losses.get(reason).copied().unwrap_or(0));
            if new > 0 {
                self.append_loss(ring.id(), counter, reason, new, &ring_name(ring.id()));
            }
        }
    }

    /// Counts a loss that no ring counts.
    fn lose(&mut self, reason: &str, count: u64, producer: &str) {
        if count > 0 {
            self.append_loss(0, 0, reason, count, producer);
        }
    }

    fn append_loss(&mut self, ring: u128, counter: u64, reason: &str, count: u64, producer: &str) {
        warn!(reason, count, producer, "events were lost");
        self.metrics.dropped(reason, count);
        let now = ids::now_unix_ns();
        let (id_high, id_low) = ids::event_id(now);
        let loss = event::Loss { reason: reason.to_owned(), count, producer: producer.to_owned() };
        let event = Event {
            schema: event::SCHEMA,
            id_high,
            id_low,
            start_unix_ns: now,
            service: self.service.name.clone(),
            environment: self.service.environment.clone(),
            release: self.service.release.clone(),
            kind: Some(event::Kind::Loss(loss)),
            ..Event::default()
        };
        self.writer.push_loss(ring, counter, now, &event);
    }

    fn commit(&mut self) -> io::Result<()> {
        self.writer.commit(ids::now_unix_ns())
    }

    fn remove(&mut self, ring: Ring) {
        let (path, id) = (ring.consumer.path().to_owned(), ring.id());
        self.metrics.ring_gone(&ring.producer);
        match ring.consumer.remove() {
            Ok(()) => {
                info!(ring = %path.display(), "removed a ring whose producer has ended");
                self.writer.states_mut().forget(id);
            }
            Err(error) => {
                warn!(ring = %path.display(), %error, "cannot remove a ring");
                self.refused.insert(path);
            }
        }
    }

    fn set_aside(&mut self, ring: Ring) {
        let path = ring.consumer.path().to_owned();
        self.metrics.ring_gone(&ring.producer);
        if let Err(error) = ring.consumer.set_aside() {
            warn!(ring = %path.display(), %error, "cannot rename the ring");
            self.refused.insert(path);
        }
    }

    fn cannot_write(&self, error: &io::Error) {
        let kind = if is_disk_full(error) { "disk_full" } else { "io" };
        self.metrics.spool_error(kind);
        if self.health.fail("spool", error.to_string()) {
            warn!(%error, "cannot write to the spool; events stay in their rings until it can be written");
        }
        let now = ids::now_unix_ns();
        self.open.values().for_each(|ring| ring.consumer.heartbeat(now));
    }

    fn can_write(&self) {
        if self.health.recover("spool") {
            info!("the spool can be written again");
        }
    }
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
