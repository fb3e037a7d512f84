//! What everything that moves a sink along the spool has in common: where it says how it fares, and what is lost to it.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use tracing::{error, info, warn};

use crate::{
    config::{Live, Settings},
    dead_letters::DeadLetters,
    health::{Health, Trouble},
    ids,
    metrics::{Metrics, Pending},
    resend::{Parcel, Resends},
    signal::Signal,
    spool::Spool,
};

/// How often it is looked whether there is something to send again.
const LOOK: Duration = Duration::from_secs(1);

/// One sink's surroundings. Clones are of the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Lane {
    /// The sink.
    pub(crate) name: String,
    pub(crate) spool: Spool,
    pub(crate) metrics: Metrics,
    pub(crate) health: Health,
    pub(crate) pending: Pending,
    pub(crate) dead_letters: DeadLetters,
    pub(crate) reloads: Reloads,
    /// Set once nothing more comes into the spool: deliver what is there, then end.
    pub(crate) drain: Signal,
}

/// Notices that another configuration is in force.
#[derive(Debug, Clone)]
pub(crate) struct Reloads {
    live: Live,
    seen: Arc<Settings>,
}

impl Reloads {
    pub(crate) fn of(live: &Live) -> Self {
        Self { live: live.clone(), seen: live.get() }
    }

    /// Whether that was so since this was last asked.
    pub(crate) fn take(&mut self) -> bool {
        let now = self.live.get();
        let is_new = !Arc::ptr_eq(&now, &self.seen);
        self.seen = now;
        is_new
    }
}

impl Lane {
    /// The sink will not get so many events.
    pub(crate) fn count_lost(&self, reason: &str, count: u64) {
        if count > 0 {
            warn!(sink = self.name, reason, count, "events are lost to this sink");
            self.metrics.sink_dropped(&self.name, reason, count);
        }
    }

    /// The sink has delivered, or would if it had anything.
    pub(crate) fn delivers(&self) {
        if let Some(nanoseconds) = self.health.sink_delivers(&self.name) {
            let after = humantime::format_duration(Duration::from_millis(nanoseconds / 1_000_000));
            info!(sink = self.name, %after, "delivers again");
        }
    }

    /// The sink fails, and tries again after a while. Logged when that, or why, is new.
    pub(crate) fn fails(&self, trouble: &Trouble, retry_in: Duration) {
        let retry_at =
            ids::now_unix_ns().saturating_add(u64::try_from(retry_in.as_nanos()).unwrap_or(u64::MAX));
        self.metrics.sink_error(&self.name, trouble.kind);
        if !self.health.sink_fails(&self.name, trouble, retry_at) {
            return;
        }
        let Trouble { kind, problem, is_blocked } = trouble;
        if *is_blocked {
            error!(
                sink = self.name,
                kind, problem, "cannot deliver until this is put right; meanwhile events stay in the spool"
            );
        } else {
            warn!(sink = self.name, kind, problem, "cannot deliver; events stay in the spool until it can");
        }
    }
}

/// What a sink is to send again, looked for once in a while.
#[derive(Debug)]
pub(crate) struct Again {
    resends: Resends,
    looked: Option<Instant>,
}

impl Again {
    pub(crate) fn new(resends: Resends) -> Self {
        Self { resends, looked: None }
    }

    /// The next parcel, if there is one.
    pub(crate) fn next(&mut self, lane: &Lane) -> Option<Parcel> {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return None;
        }
        match self.resends.next() {
            Ok(Some(parcel)) => return Some(parcel),
            Ok(None) => {}
            Err(error) => warn!(sink = lane.name, %error, "cannot look for what is to be sent again"),
        }
        self.looked = Some(Instant::now());
        None
    }

    /// All of a parcel is delivered.
    pub(crate) fn done(&mut self, parcel: Parcel, lane: &Lane) -> io::Result<()> {
        let damaged = parcel.damaged;
        parcel.done()?;
        // Only now: until then it may come again.
        lane.count_lost("undecodable", damaged);
        info!(sink = lane.name, "has sent again what it was to");
        Ok(())
    }
}
