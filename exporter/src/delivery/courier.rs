//! Drives one sink that sends requests: many in flight, answered in any order.
//!
//! ```text
//!          ┌──────────────── tried again, in halves, later ───────────────┐
//!          v                                                              │
//! source ─> batch ─> requests ─> waiting ─> in flight ─> answer ─> verdict ┴─> delivered, or set aside ─> source
//! ```
//!
//! Memory: a batch is held as the bytes that the spool has, beside its requests as they are sent; what stands between the two is
//! there for one batch at a time. All batches together are bounded. While the backend is away, none is held but the one that is
//! tried: all others are read again when it is back.

mod outcome;

use std::{
    collections::HashMap,
    rc::Rc,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use offpath_core::event::{Event, Kind};
use tokio::{
    runtime,
    task::{self, JoinSet, yield_now},
    time::{sleep_until, timeout_at},
};
use tracing::error;

use super::{
    Backend, Compression, Limits, Request, Settings,
    batch::{Batch, in_batch},
    circuit::Circuit,
    client::{Client, Packed, Received},
    failure::Failure,
    gzip,
    limit::Limit,
    refusals::Refusals,
    saver::Saver,
    source::Source,
    words::Secrets,
};
use crate::{
    disk,
    health::Trouble,
    sinks::lane::{Again, Lane},
    spool::Cursor,
};

/// Bytes of batches and requests that are not answered, of all sinks together.
const MAX_HELD: usize = 12 << 20;

/// Held while a sink makes requests of a batch.
static PREPARING: Mutex<()> = Mutex::new(());

/// Bytes of events in the request that is tried while the backend is away.
const PROBE: usize = 64 << 10;

/// How often a sink with nothing to do looks whether there is something, or whether it is to end.
const LOOK: Duration = Duration::from_millis(25);

/// How long a sink that is to end waits for answers. Less than the exporter waits for its sinks, so that it can still save.
const LAST_ANSWERS: Duration = Duration::from_millis(9_500);

/// One sink over HTTP, and what it needs.
#[derive(Debug)]
pub(crate) struct Courier {
    lane: Lane,
    backend: Box<dyn Backend>,
    settings: Settings,
    secrets: Secrets,
    /// Bytes of batches and requests above which no batch is begun.
    max_held: usize,
    source: Source,
    saver: Saver,
    /// Made when it is first needed, and made anew when its files may have changed.
    client: Option<Client>,
    circuit: Circuit,
    limit: Limit,
    refusals: Refusals,
    waiting: Vec<Job>,
    flights: JoinSet<Result<Received, Failure>>,
    flying: HashMap<task::Id, Job>,
    /// What was read is to be read again.
    is_stale: bool,
    /// When the sink that is to end does so, whatever is open.
    ends: Option<Instant>,
    /// Until when no more is told of events that were set aside.
    quiet_until: Option<Instant>,
}

/// A request on its way.
#[derive(Debug)]
struct Job {
    batch: Rc<Batch>,
    /// Without its body, which is in `packed`. Its events are places in the batch.
    request: Request,
    packed: Packed,
    attempts: u32,
    due: Instant,
    sent: Instant,
    is_probe: bool,
}

/// What became of events.
struct Prepared {
    jobs: Vec<Job>,
    /// Places of those that cannot be read.
    unreadable: Vec<usize>,
    /// Places in the batch of those that the backend has none for.
    in_none: Vec<usize>,
    /// How many of these it is to be said of that they do not arrive.
    without_place: u64,
}

impl Courier {
    /// One of `couriers`, which share the memory that there is.
    pub(crate) fn new(
        lane: Lane,
        (backend, mut settings): (Box<dyn Backend>, Settings),
        cursor: &Cursor,
        again: Again,
        couriers: usize,
    ) -> Self {
        let max_held = MAX_HELD / couriers.max(1);
        // With more than four sinks, batches are smaller than is usual, so that each can still have some in flight.
        settings.batch.max_size = settings.batch.max_size.min((max_held / 4).max(PROBE));
        let source = Source::new(lane.clone(), cursor, again);
        Self {
            saver: Saver::new(lane.clone(), source.window().clone()),
            secrets: Secrets::of(&settings),
            max_held,
            limit: Limit::new(settings.concurrency),
            source,
            lane,
            backend,
            settings,
            client: None,
            circuit: Circuit::default(),
            refusals: Refusals::new(),
            waiting: Vec::new(),
            flights: JoinSet::new(),
            flying: HashMap::new(),
            is_stale: false,
            ends: None,
            quiet_until: None,
        }
    }

    /// Delivers until it is told to drain and has, or cannot in time.
    pub(crate) fn run(mut self) {
        // The second thread is for the names of hosts, the first for the disk.
        let built = runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(2)
            .thread_name("sink-disk")
            .build();
        match built {
            Ok(runtime) => {
                runtime.block_on(self.deliver());
                runtime.shutdown_background();
            }
            Err(error) => {
                error!(sink = self.lane.name, %error, "cannot start");
                let problem = format!("cannot start: {error}; restart the exporter");
                self.lane.fails(&Trouble { kind: "io", problem, is_blocked: true }, Duration::MAX);
            }
        }
    }

    async fn deliver(&mut self) {
        while !self.is_over() {
            self.saver.look(self.source.window()).await;
            self.look_for_reload();
            let is_busy = self.send_more();
            self.tell_load();
            self.tell_lag();
            if is_busy {
                yield_now().await;
            } else {
                self.wait().await;
            }
            while let Some(landed) = self.flights.try_join_next_with_id() {
                self.land(landed).await;
            }
        }
        self.saver.last(self.source.window()).await;
    }

    /// Whoever reloads may have put right what was wrong, as a file that settings name.
    fn look_for_reload(&mut self) {
        if self.lane.reloads.take() && self.circuit.is_open() {
            self.client = None;
            self.circuit.hurry(Instant::now());
        }
    }

    /// Whether the sink is to end, and has nothing more that it could do before.
    fn is_over(&mut self) -> bool {
        if !self.lane.drain.is_set() {
            return false;
        }
        let now = Instant::now();
        let Some(ends) = self.ends else {
            // The last try of a backend that is away.
            self.circuit.hurry(now);
            self.ends = Some(now + LAST_ANSWERS);
            return false;
        };
        let is_idle = self.flying.is_empty() && self.waiting.is_empty();
        let is_away = self.circuit.until().is_some_and(|until| until > now);
        // What is stale looks read, and is open.
        let is_done = !self.is_stale && self.source.is_read();
        now >= ends || is_idle && (is_away || is_done)
    }

    /// Sends a request, or prepares some. Returns whether it could.
    fn send_more(&mut self) -> bool {
        let now = Instant::now();
        if self.is_stale && self.flying.is_empty() {
            self.is_stale = false;
            self.source.rewind();
        }
        let is_probe = self.circuit.is_open();
        if self.circuit.until().is_some_and(|until| until > now) {
            return false;
        }
        let room = if is_probe { 1 } else { self.limit.now() };
        if self.flying.len() >= room {
            return false;
        }
        if let Some(place) = self.waiting.iter().position(|job| job.due <= now) {
            let job = self.waiting.remove(place);
            self.launch(Job { is_probe, sent: now, ..job });
            return true;
        }
        if !self.has_room() || is_probe && !self.waiting.is_empty() {
            return false;
        }
        match self.load(is_probe) {
            Ok(Some(batch)) => {
                let places: Vec<usize> = (0..batch.len()).collect();
                self.prepare(&batch, &places);
                true
            }
            Ok(None) => false,
            Err(error) => {
                let problem = format!("cannot read the spool: {error}");
                self.open_circuit(&Trouble { kind: disk::kind(&error), problem, is_blocked: false }, None);
                false
            }
        }
    }

    /// Whether one more batch is within the sink's share of the memory, beside those that are prepared. The first one always is.
    fn has_room(&self) -> bool {
        let prepared = self.source.prepared();
        prepared == 0 || prepared + self.settings.batch.max_size <= self.max_held
    }

    fn load(&mut self, is_probe: bool) -> std::io::Result<Option<Rc<Batch>>> {
        let limits = self.settings.batch;
        if !is_probe {
            return self.source.next(&limits, self.ends.is_some());
        }
        let first = Limits { max_size: limits.max_size.min(PROBE), ..limits };
        let (place, limits) = match (self.refusals.probe_at(), self.circuit.detour()) {
            (Some(place), _) => (place, Limits { max_events: 1, ..limits }),
            (None, Some(place)) => (place, first),
            (None, None) => return self.source.probe(&first),
        };
        if self.source.skip(place)?
            && let Some(batch) = self.source.of_spool(&limits, true)?
        {
            return Ok(Some(batch));
        }
        // There is none so far on: the first one is tried instead.
        self.source.rewind();
        if self.refusals.probe_at().is_none() {
            return self.source.probe(&limits);
        }
        self.refusals.start_over();
        self.source.of_spool(&limits, true)
    }

    /// Makes requests of the events at some places of a batch.
    fn prepare(&mut self, batch: &Rc<Batch>, places: &[usize]) {
        let Prepared { jobs, unreadable, in_none, without_place } = self.encode(batch, places);
        self.waiting.extend(jobs);
        self.lane.count_lost("undecodable", unreadable.len() as u64);
        // This may write to a disk, so no other sink waits for it.
        self.source.settle(batch, &unreadable);
        self.source.settle(batch, &in_none);
        if without_place > 0 {
            self.lane.metrics.sink_dropped(&self.lane.name, "no_place", without_place);
        }
    }

    fn encode(&self, batch: &Rc<Batch>, places: &[usize]) -> Prepared {
        // What this takes in between is several times what the batch does. A sink waits for another's encoding only, not for
        // another's backend.
        let _one_at_a_time = PREPARING.lock().unwrap_or_else(PoisonError::into_inner);
        let read = batch.read(places);
        let requests = self.backend.requests(&read.events);
        // A loss is counted where it came about, and what another sink sends is not missing.
        let counts =
            |event: &Event| !matches!(event.kind, Some(Kind::Loss(_))) && !self.backend.is_for_another(event);
        let count: Vec<bool> = read.events.iter().map(counts).collect();
        drop(read.events);
        let mut is_in_none = vec![true; batch.len()];
        let mut jobs = Vec::with_capacity(requests.len());
        for mut request in requests {
            in_batch(&mut request, &read.places);
            for place in &request.events {
                if let Some(is_in_none) = is_in_none.get_mut(*place) {
                    *is_in_none = false;
                }
            }
            let body = std::mem::take(&mut request.body);
            let is_wanted = self.settings.compression == Compression::Gzip;
            let is_gzip = is_wanted && self.backend.takes_gzip(&request);
            let body = if is_gzip { gzip::compress(&body) } else { body };
            // To take what it counts, and not what it grew to.
            let body = body.into_boxed_slice();
            batch.count(body.len());
            let packed = Packed { body: body.into(), is_gzip };
            let now = Instant::now();
            let batch = Rc::clone(batch);
            jobs.push(Job { batch, request, packed, attempts: 0, due: now, sent: now, is_probe: false });
        }
        let (mut in_none, mut without_place) = (Vec::new(), 0);
        for (place, counts) in read.places.iter().zip(count) {
            if is_in_none.get(*place) == Some(&true) {
                in_none.push(*place);
                without_place += u64::from(counts);
            }
        }
        Prepared { jobs, unreadable: read.unreadable, in_none, without_place }
    }

    fn launch(&mut self, job: Job) {
        let client = match &self.client {
            Some(client) => client.clone(),
            None => match Client::new(&self.settings, self.max_held / 4) {
                Ok(client) => self.client.insert(client).clone(),
                Err(failure) => {
                    let Failure { kind, why, is_blocked, .. } = failure;
                    self.open_circuit(&Trouble { kind, problem: why, is_blocked }, None);
                    return;
                }
            },
        };
        let flight = self.flights.spawn(client.send(job.request.clone(), job.packed.clone()));
        self.flying.insert(flight.id(), job);
    }

    async fn wait(&mut self) {
        let now = Instant::now();
        let waits = [
            self.source.due(self.settings.batch.max_age),
            self.circuit.until(),
            self.waiting.iter().map(|job| job.due).min(),
        ];
        // What is due already waits for something else.
        let next = waits.into_iter().flatten().filter(|due| *due > now).min();
        let until = next.map_or(now + LOOK, |due| due.min(now + LOOK)).into();
        if self.flights.is_empty() {
            sleep_until(until).await;
        } else if let Ok(Some(landed)) = timeout_at(until, self.flights.join_next_with_id()).await {
            self.land(landed).await;
        }
    }

    /// The lag is the age of the oldest event that is not done.
    fn tell_lag(&self) {
        // What was let go is as old as before, until it is read again.
        if self.is_stale {
            return;
        }
        let jobs = self.waiting.iter().chain(self.flying.values());
        let held = jobs.map(|job| job.batch.received_unix_ns).chain(self.source.filling_since());
        match held.min() {
            // Else it may be one farther on that is tried.
            Some(oldest) if !self.circuit.is_open() => self.lane.pending.since(oldest),
            None if self.source.is_read() => self.lane.pending.nothing(),
            _ => {}
        }
    }

    fn tell_load(&self) {
        let room = if self.circuit.is_open() { 1 } else { self.limit.now() };
        self.lane.health.sink_load(&self.lane.name, self.flying.len() as u64, room as u64);
    }
}
