//! The whole of it: starts the threads in the order in which they need each other, and ends them in the other.
//!
//! ```text
//! intake       1 thread: rings to spool
//! intake-envoy 1 thread: batches from Envoy's workers to spool
//! intake-redis 1 thread: a stream of Redis to spool
//! housekeeping 1 thread: syncs the spool, and removes what is delivered or over the bounds
//! sinks        1 thread each: spool to sink
//! ```

use std::{
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt as _,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use offpath_ring::{ConsumerLock, LockError};
use tracing::{error, info, warn};

use crate::{
    config::{Live, Settings},
    dead_letters::DeadLetters,
    delivery::Courier,
    enrich::Enricher,
    health::Health,
    ids,
    intake::{
        envoy::{BindError, Envoy, Socket},
        journal::SharedJournal,
        redis::{self, Redis},
        rings::Rings,
    },
    metrics::{Exposition, Metrics, Pending, SinkGauges},
    priority,
    resend::Resends,
    signal::Signal,
    sinks::{
        Built, SinkSettings,
        lane::{Again, Lane, Reloads},
        runner::Runner,
    },
    spool::{OpenError, Spool},
};

/// How long a stop waits for the rings and then for the sinks, before what is left is left for the next start.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Why an exporter cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The ring directory is another's, or cannot be used.
    #[error(transparent)]
    Rings(#[from] LockError),
    /// The spool is another's, or cannot be used.
    #[error(transparent)]
    Spool(#[from] OpenError),
    /// Envoy's socket is another's, or cannot be made.
    #[error(transparent)]
    Socket(#[from] BindError),
    /// The data directory cannot be used.
    #[error("exporter.data_dir: {}: {source}", path.display())]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A running exporter.
#[derive(Debug)]
pub struct Exporter {
    view: View,
    journal: SharedJournal,
    stop_intake: Signal,
    drain_sinks: Signal,
    stop_housekeeping: Signal,
    intakes: Vec<JoinHandle<()>>,
    housekeeping: JoinHandle<()>,
    sinks: Vec<JoinHandle<()>>,
}

/// What may be known of a running exporter from outside. Clones are of the same one.
#[derive(Debug, Clone)]
pub struct View {
    /// The spool.
    pub spool: Spool,
    /// What no backend takes.
    pub dead_letters: DeadLetters,
    /// What it counts.
    pub metrics: Metrics,
    /// What is wrong with it.
    pub health: Health,
    /// What is configured.
    pub settings: Live,
    /// When it was started.
    pub started: Started,
    sinks: Vec<(String, Pending)>,
}

/// When an exporter was started.
#[derive(Debug, Clone, Copy)]
pub struct Started {
    /// In nanoseconds since the Unix epoch.
    pub unix_ns: u64,
    /// By a clock that nobody sets.
    pub instant: Instant,
}

impl View {
    /// The metrics in the format that `accept` asks for, with what is only known by looking brought up to date.
    #[must_use]
    pub fn exposition(&self, accept: &str) -> Exposition {
        self.look();
        self.metrics.exposition(accept)
    }

    /// The names of its sinks.
    pub(crate) fn sinks(&self) -> impl Iterator<Item = &str> {
        self.sinks.iter().map(|(name, _)| name.as_str())
    }

    /// Brings up to date what metrics only know by looking.
    pub(crate) fn look(&self) {
        let now = ids::now_unix_ns();
        let oldest = Duration::from_nanos(now.saturating_sub(self.spool.oldest_unix_ns()));
        let bounds = &self.settings.get().spool;
        self.metrics.spool(self.spool.bytes(), bounds.max_size, oldest.as_secs_f64());
        let states = self.health.sinks();
        for (name, pending) in &self.sinks {
            let gauges = SinkGauges {
                state: states.get(name),
                lag_seconds: pending.lag_seconds(now),
                backlog: self.spool.backlog(name),
                dead_letters: self.dead_letters.count(name),
            };
            self.metrics.sink(name, &gauges);
        }
    }

    /// How many events each sink has still to deliver; those that have delivered all are left out.
    #[must_use]
    pub fn backlogs(&self) -> Vec<(&str, u64)> {
        let backlog = |(name, _): &'_ (String, Pending)| self.spool.backlog(name);
        self.sinks.iter().map(|sink| (sink.0.as_str(), backlog(sink))).filter(|(_, left)| *left > 0).collect()
    }
}

impl Exporter {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub fn start(settings: &Settings, ring_directory: &Path) -> Result<Self, StartError> {
        let data_dir = |source| StartError::DataDir { path: settings.data_dir.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&settings.data_dir).map_err(data_dir)?;
        let lock = ConsumerLock::acquire(ring_directory)?;
        let socket = settings.envoy.path(ring_directory);
        let socket = socket.map(|path| Socket::bind(&path, settings.envoy.mode)).transpose()?;
        let spool_directory = settings.data_dir.join("spool");
        let (spool, writer) = Spool::open(&spool_directory, settings.spool.clone())?;
        let dead_letters = DeadLetters::open(&settings.data_dir, settings.dead_letters).map_err(data_dir)?;
        let mut view = View {
            spool,
            dead_letters,
            metrics: Metrics::default(),
            health: Health::default(),
            settings: Live::new(settings.clone()),
            started: Started { unix_ns: ids::now_unix_ns(), instant: Instant::now() },
            sinks: Vec::new(),
        };
        view.metrics.bound(settings.max_series);
        view.metrics.config(&settings.rules);
        view.metrics.config_ok(true);
        let (stop_intake, drain_sinks, stop_housekeeping) = Default::default();
        let works = enrol(settings, &mut view, &drain_sinks).map_err(data_dir)?;

        let (metrics, health) = (view.metrics.clone(), view.health.clone());
        let enricher = Enricher::new(Arc::clone(&settings.prices));
        let journal =
            SharedJournal::new(writer, settings.service.clone(), enricher, metrics.clone(), health.clone());
        let envoy = socket.map(|socket| Envoy::new(socket, journal.clone(), metrics.clone()));
        let reader = |redis: &redis::Settings| {
            Redis::new(redis.clone(), &settings.data_dir, journal.clone(), health.clone())
        };
        let redis = settings.redis.as_ref().map(reader).transpose().map_err(data_dir)?;
        let rings = Rings::new(ring_directory, lock, journal.clone(), metrics, health);
        // At the app's own priority: they need little of the CPU, and where they came too late, events would be lost.
        let stop = Signal::clone(&stop_intake);
        let mut intakes = vec![spawn("intake", 0, &view, move || rings.run(&stop)).map_err(data_dir)?];
        if let Some(envoy) = envoy {
            let stop = Signal::clone(&stop_intake);
            intakes.push(spawn("intake-envoy", 0, &view, move || envoy.run(&stop)).map_err(data_dir)?);
        }
        if let Some(redis) = redis {
            let stop = Signal::clone(&stop_intake);
            intakes.push(spawn("intake-redis", 0, &view, move || redis.run(&stop)).map_err(data_dir)?);
        }
        let (watched, stop) = (view.clone(), Signal::clone(&stop_housekeeping));
        let housekeeping = spawn("housekeeping", settings.nice, &view, move || keep_house(&watched, &stop))
            .map_err(data_dir)?;
        let sinks = works.into_iter().map(|work| spawn("sink", settings.nice, &view, work));
        let sinks = sinks.collect::<io::Result<_>>().map_err(data_dir)?;
        info!(rings = %ring_directory.display(), data_dir = %settings.data_dir.display(), "started");
        Ok(Self { view, journal, stop_intake, drain_sinks, stop_housekeeping, intakes, housekeeping, sinks })
    }

    /// Follows other settings, as far as they are not those of files and sockets that are open; see `reload`.
    pub fn follow(&self, settings: Settings) {
        self.journal.serve(settings.service.clone());
        self.journal.enrich(Enricher::new(Arc::clone(&settings.prices)));
        self.view.spool.bound(settings.spool.clone());
        self.view.dead_letters.bound(settings.dead_letters);
        self.view.metrics.bound(settings.max_series);
        self.view.metrics.config(&settings.rules);
        self.view.settings.set(settings);
    }

    /// What may be known of it.
    #[must_use]
    pub fn view(&self) -> View {
        self.view.clone()
    }

    /// Empties the rings into the spool, answers Envoy's last batches, delivers what the spool holds, syncs, and ends. What
    /// cannot be done within `patience` is left in rings and spool, and told.
    pub fn stop(self, patience: Duration) {
        self.stop_intake.set();
        if !join(&self.intakes, Instant::now() + patience) {
            warn!("not all could be taken in time; what is left in the rings is taken at the next start");
        }
        self.drain_sinks.set();
        join(&self.sinks, Instant::now() + patience);
        for (sink, left) in self.view.backlogs() {
            warn!(sink, left, "not all is delivered; the rest stays in the spool");
        }
        self.stop_housekeeping.set();
        join(&[self.housekeeping], Instant::now() + patience);
        info!("stopped");
    }
}

/// What a sink's thread does.
type Work = Box<dyn FnOnce() + Send>;

fn enrol(settings: &Settings, view: &mut View, drain: &Signal) -> io::Result<Vec<Work>> {
    let built: Vec<Built> = settings.sinks.iter().map(SinkSettings::build).collect();
    let couriers = built.iter().filter(|built| matches!(built, Built::Http(..))).count();
    let mut works = Vec::new();
    for (sink, built) in settings.sinks.iter().zip(built) {
        view.metrics.sink_starts(&sink.name);
        let (cursor, gone) = view.spool.enrol(&sink.name)?;
        if gone > 0 {
            warn!(sink = sink.name, count = gone, "events went from the spool before this sink came to them");
            view.metrics.sink_dropped(&sink.name, "spool_full", gone);
        }
        let pending = Pending::default();
        view.sinks.push((sink.name.clone(), pending.clone()));
        view.health.sink_starts(&sink.name);
        let lane = Lane {
            name: sink.name.clone(),
            spool: view.spool.clone(),
            metrics: view.metrics.clone(),
            health: view.health.clone(),
            pending,
            dead_letters: view.dead_letters.clone(),
            reloads: Reloads::of(&view.settings),
            drain: drain.clone(),
        };
        let again = Again::new(Resends::new(&settings.data_dir, &sink.name));
        works.push(match built {
            Built::OneByOne(sink) => Box::new(|| Runner { sink, lane, cursor, again }.run()) as Work,
            Built::Http(backend, settings) => Box::new(move || {
                Courier::new(lane, (backend, settings), &cursor, again, couriers).run();
            }),
        });
    }
    Ok(works)
}

/// Starts a thread that steps back behind the app by `nice`. Should it fail, which is a bug, the rest goes on and
/// /readyz tells.
fn spawn(
    name: &'static str,
    nice: i32,
    view: &View,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let health = view.health.clone();
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        priority::lower(nice);
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            error!(thread = name, "a thread of the exporter has failed; restart it");
            health.fail(name, "has failed; restart the exporter".to_owned());
        }
    })
}

/// Syncs and sweeps the spool until `stop` is set, and once more then.
fn keep_house(view: &View, stop: &Signal) {
    loop {
        let stopping = stop.wait(view.settings.get().sync);
        if let Err(error) = view.spool.sync() {
            warn!(%error, "cannot sync the spool: a power cut may now take more than it should");
            view.metrics.spool_error("sync");
        }
        let swept = view.spool.sweep();
        for lost in swept.evicted {
            let reason = lost.reason.name();
            warn!(sink = lost.sink, reason, count = lost.count, "events are lost to this sink");
            view.metrics.sink_dropped(&lost.sink, reason, lost.count);
        }
        tell_removal(view, swept.failed);
        let swept = view.dead_letters.sweep();
        for (sink, count) in swept.gone {
            warn!(sink, count, "the oldest dead letters went: exporter.dead_letters.max_size is reached");
            view.metrics.sink_dropped(&sink, "dead_letters_full", count);
        }
        if let Some(error) = swept.failed {
            warn!(%error, "cannot remove old dead letters");
        }
        if stopping {
            return;
        }
    }
}

/// Says that parts of the spool cannot be removed, or can again: once, for it is tried at each sweep.
fn tell_removal(view: &View, failed: Option<io::Error>) {
    const PART: &str = "spool, removal";
    match failed {
        Some(error) => {
            if view.health.fail(PART, error.to_string()) {
                warn!(%error, "cannot remove a part of the spool");
                view.metrics.spool_error("remove");
            }
        }
        None => {
            if view.health.recover(PART) {
                info!("all that is to go of the spool is removed");
            }
        }
    }
}

/// Waits for the threads to end; returns whether all did. Those that did not end with the process.
fn join(threads: &[JoinHandle<()>], deadline: Instant) -> bool {
    const LOOK: Duration = Duration::from_millis(2);
    while threads.iter().any(|thread| !thread.is_finished()) {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(LOOK);
    }
    true
}
