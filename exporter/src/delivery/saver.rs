//! Keeps on the disk what is delivered: not after each answer, but as often as is worth a sync, and beside the sending.

use std::{
    io,
    time::{Duration, Instant},
};

use tokio::task::{JoinHandle, spawn_blocking};
use tracing::{info, warn};

use super::window::Window;
use crate::{disk, sinks::lane::Lane, spool::Cursor};

/// How much a kill may have sent again, beside what is in flight.
const INTERVAL: Duration = Duration::from_millis(100);

/// How long it waits at most to try again what could not be saved.
const LAST_BACKOFF: Duration = Duration::from_secs(10);

/// Saves a sink's cursor.
#[derive(Debug)]
pub(super) struct Saver {
    lane: Lane,
    saved: Window,
    saving: Option<(Window, JoinHandle<io::Result<()>>)>,
    last: Instant,
    /// How long after that it saves again; more than [`INTERVAL`] while it cannot.
    pause: Duration,
}

impl Saver {
    /// `saved` is what is on the disk.
    pub(super) fn new(lane: Lane, saved: Window) -> Self {
        Self { lane, saved, saving: None, last: Instant::now(), pause: INTERVAL }
    }

    /// Saves `window` if that is due.
    pub(super) async fn look(&mut self, window: &Window) {
        if self.saving.as_ref().is_some_and(|(_, task)| task.is_finished()) {
            self.finish().await;
        }
        if self.saving.is_none() && self.last.elapsed() >= self.pause && self.saved != *window {
            self.begin(window);
        }
    }

    /// Saves `window` now.
    pub(super) async fn last(&mut self, window: &Window) {
        self.finish().await;
        if self.saved != *window {
            self.begin(window);
            self.finish().await;
        }
    }

    fn begin(&mut self, window: &Window) {
        let cursor = Cursor { spool: self.lane.spool.id(), next: window.next(), state: window.state() };
        let (spool, name) = (self.lane.spool.clone(), self.lane.name.clone());
        self.saving = Some((window.clone(), spawn_blocking(move || spool.advance(&name, &cursor))));
        self.last = Instant::now();
    }

    async fn finish(&mut self) {
        let Some((window, task)) = self.saving.take() else { return };
        match task.await.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(()) => {
                if self.pause > INTERVAL {
                    info!(sink = self.lane.name, "saves again how far it is");
                }
                (self.saved, self.pause) = (window, INTERVAL);
            }
            Err(error) => {
                if self.pause == INTERVAL {
                    warn!(sink = self.lane.name, %error, "cannot save how far this sink is; what it has delivered stays in the spool");
                }
                self.lane.metrics.sink_error(&self.lane.name, disk::kind(&error));
                self.pause = (self.pause * 2).min(LAST_BACKOFF);
            }
        }
    }
}
