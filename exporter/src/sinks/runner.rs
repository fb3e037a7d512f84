//! Moves one sink along the spool, at its own pace: a thread that fails, waits and retries without any other
//! noticing.

use std::time::Duration;

use offpath_core::event::Event;
use tracing::{info, warn};

use super::{Batch, Sink, SinkError};
use crate::{
    health::{Health, Trouble},
    ids,
    metrics::{Metrics, Pending},
    signal::Signal,
    spool::{Cursor, Reader, Spool},
};

/// Events in a batch: enough that a commit per batch costs little.
const MAX_EVENTS: usize = 4_000;

/// Bytes of encoded events in a batch: what a sink holds in memory is a small multiple of it.
const MAX_BYTES: usize = 2 << 20;

/// Pause after a batch that was not full, so that the next one is worth its commit.
const LINGER: Duration = Duration::from_millis(200);

/// How often a sink with nothing to do looks whether it is to end.
const IDLE: Duration = Duration::from_millis(500);

const FIRST_BACKOFF: Duration = Duration::from_millis(200);
const LAST_BACKOFF: Duration = Duration::from_secs(30);

/// One sink and what it needs.
#[derive(Debug)]
pub(crate) struct Runner {
    pub(crate) name: String,
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) spool: Spool,
    pub(crate) cursor: Cursor,
    pub(crate) metrics: Metrics,
    pub(crate) health: Health,
    pub(crate) pending: Pending,
    /// Set once nothing more comes into the spool: deliver what is there, then end.
    pub(crate) drain: Signal,
}

/// What was read for the next batch.
struct Taken {
    batch: Batch,
    /// Whether there may be more.
    is_full: bool,
    undecodable: u64,
}

/// Why a stretch of delivering came to its end.
enum Ended {
    /// All that was to be delivered is.
    Drained,
    /// The sink wants to be opened again.
    Reopen,
}

impl Runner {
    /// Delivers until it is told to drain and has.
    pub(crate) fn run(mut self) {
        let mut reader = self.spool.reader(&self.name, self.cursor.next);
        let mut backoff = FIRST_BACKOFF;
        let mut opened_before = false;
        loop {
            let start = self.cursor.next;
            match self.open(&mut reader, opened_before).and_then(|()| {
                opened_before = true;
                self.deliver_all(&mut reader)
            }) {
                Ok(Ended::Drained) => return,
                Ok(Ended::Reopen) => {}
                Err(error) => {
                    if self.cursor.next > start {
                        backoff = FIRST_BACKOFF;
                    }
                    self.fail(&error, backoff, &mut reader);
                    if self.drain.is_set() {
                        std::thread::sleep(FIRST_BACKOFF);
                    } else {
                        let _ = self.drain.wait(backoff);
                    }
                    backoff = (backoff * 2).min(LAST_BACKOFF);
                }
            }
        }
    }

    fn open(&mut self, reader: &mut Reader, opened_before: bool) -> Result<(), SinkError> {
        let next = self.sink.open(&self.cursor)?;
        // Later on, what the sink has delivered may well lie behind where the spool ended at the start.
        self.cursor.next = if opened_before { next } else { self.spool.clamp(next) };
        self.seek(reader);
        self.save()
    }

    fn deliver_all(&mut self, reader: &mut Reader) -> Result<Ended, SinkError> {
        loop {
            let draining = self.drain.is_set();
            let Taken { batch, is_full, undecodable } = self.read(reader)?;
            if batch.next == self.cursor.next {
                self.recovered();
                if draining {
                    return Ok(Ended::Drained);
                }
                self.spool.wait(batch.next, IDLE);
                continue;
            }
            if !self.sink.is_ready() {
                return Ok(Ended::Reopen);
            }
            self.sink.deliver(&batch)?;
            self.cursor.next = batch.next;
            self.save()?;
            self.metrics.sink_sent(&self.name, batch.len() as u64);
            // Only now: a batch that fails is read, and found wanting, again.
            self.count_lost("undecodable", undecodable);
            self.count_lost("spool_damaged", reader.take_missing());
            self.recovered();
            if !is_full {
                let _ = self.drain.wait(LINGER);
            }
        }
    }

    fn read(&self, reader: &mut Reader) -> Result<Taken, SinkError> {
        let takes_encoded = self.sink.takes_encoded();
        let (mut batch, mut bytes, mut undecodable) = (Batch::default(), 0, 0);
        let mut is_full = true;
        while batch.len() < MAX_EVENTS && bytes < MAX_BYTES {
            let Some(record) = reader.read()? else {
                is_full = false;
                break;
            };
            if batch.is_empty() {
                self.pending.since(record.received_unix_ns);
            }
            bytes += record.payload.len();
            if takes_encoded {
                batch.encoded.push(record.payload.to_vec());
                continue;
            }
            match Event::from_bytes(record.payload) {
                Ok(event) => batch.events.push(event),
                Err(error) => {
                    warn!(sink = self.name, index = record.index, %error, "skipped an event that cannot be read");
                    undecodable += 1;
                }
            }
        }
        batch.next = reader.position();
        Ok(Taken { batch, is_full, undecodable })
    }

    fn save(&mut self) -> Result<(), SinkError> {
        self.cursor.state = self.sink.state();
        Ok(self.spool.advance(&self.name, &self.cursor)?)
    }

    fn count_lost(&self, reason: &str, count: u64) {
        if count > 0 {
            warn!(sink = self.name, reason, count, "events are lost to this sink");
            self.metrics.sink_dropped(&self.name, reason, count);
        }
    }

    fn fail(&self, error: &SinkError, retry_in: Duration, reader: &mut Reader) {
        warn!(sink = self.name, %error, ?retry_in, "cannot deliver");
        self.metrics.sink_error(&self.name, error.kind());
        let trouble =
            Trouble { kind: error.kind(), problem: error.to_string(), is_blocked: error.is_blocked() };
        let retry_at = ids::now_unix_ns().saturating_add(retry_in.as_nanos() as u64);
        self.health.sink_fails(&self.name, &trouble, retry_at);
        // A sink that was never open has read nothing, and its lag is to be seen all the same.
        self.seek(reader);
        if let Ok(Some(record)) = reader.read() {
            self.pending.since_if_nothing(record.received_unix_ns);
        }
        // While it waits, it is not to hold a part of the spool open.
        self.seek(reader);
    }

    /// Puts the reader to where the sink stands.
    fn seek(&self, reader: &mut Reader) {
        let lost = reader.seek(self.cursor.next);
        self.count_lost("spool_full", lost);
    }

    fn recovered(&self) {
        self.pending.nothing();
        if self.health.sink_delivers(&self.name).is_some() {
            info!(sink = self.name, "delivers again");
        }
    }
}
