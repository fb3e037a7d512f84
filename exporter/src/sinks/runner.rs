//! Moves one sink along the spool, at its own pace: a thread that fails, waits and retries without any other
//! noticing.

use std::time::Duration;

use offpath_core::event::Event;
use tracing::warn;

use super::{
    Batch, Sink, SinkError,
    lane::{Again, Lane},
};
use crate::{
    health::Trouble,
    resend::Parcel,
    spool::{Cursor, Reader},
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
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) lane: Lane,
    pub(crate) cursor: Cursor,
    pub(crate) again: Again,
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
        let mut reader = self.lane.spool.reader(&self.lane.name, self.cursor.next);
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
                    if self.lane.drain.is_set() {
                        std::thread::sleep(FIRST_BACKOFF);
                    } else {
                        let _ = self.lane.drain.wait(backoff);
                    }
                    backoff = (backoff * 2).min(LAST_BACKOFF);
                }
            }
        }
    }

    fn open(&mut self, reader: &mut Reader, opened_before: bool) -> Result<(), SinkError> {
        let next = self.sink.open(&self.cursor).map_err(|error| error.at(self.sink.place()))?;
        // Later on, what the sink has delivered may well lie behind where the spool ended at the start.
        self.cursor.next = if opened_before { next } else { self.lane.spool.clamp(next) };
        self.seek(reader);
        self.save()
    }

    fn deliver_all(&mut self, reader: &mut Reader) -> Result<Ended, SinkError> {
        loop {
            let draining = self.lane.drain.is_set();
            let Taken { batch, is_full, undecodable } = self.read(reader)?;
            let is_empty = batch.next == self.cursor.next;
            if !is_empty {
                if !self.sink.is_ready() {
                    return Ok(Ended::Reopen);
                }
                self.deliver(&batch)?;
                // Only now: a batch that fails is read, and found wanting, again.
                self.lane.count_lost("undecodable", undecodable);
                self.lane.count_lost("spool_damaged", reader.take_missing());
            }
            // Else there is more: it came no earlier than what is delivered, and is told of when it is read.
            if batch.next >= self.lane.spool.end() {
                self.lane.pending.nothing();
            }
            if let Some(parcel) = self.again.next(&self.lane) {
                if !self.sink.is_ready() {
                    return Ok(Ended::Reopen);
                }
                self.deliver_again(parcel)?;
            }
            self.lane.delivers();
            if is_empty {
                if draining {
                    return Ok(Ended::Drained);
                }
                if !self.lane.spool.wait(batch.next, IDLE) {
                    self.sink.tend().map_err(|error| error.at(self.sink.place()))?;
                    // A file may have been moved away, or be to make way, though nothing comes.
                    if !self.sink.is_ready() {
                        return Ok(Ended::Reopen);
                    }
                }
            } else if !is_full {
                let _ = self.lane.drain.wait(LINGER);
            }
        }
    }

    fn deliver(&mut self, batch: &Batch) -> Result<(), SinkError> {
        self.sink.deliver(batch).map_err(|error| error.at(self.sink.place()))?;
        self.cursor.next = batch.next;
        // Now: it is not delivered again if this cannot be saved.
        self.lane.metrics.sink_sent(&self.lane.name, batch.len() as u64);
        self.lane.metrics.sink_repeated(&self.lane.name, self.sink.take_repeated());
        self.save()
    }

    /// Between batches of its own. A parcel that fails stays, and comes again.
    fn deliver_again(&mut self, mut parcel: Parcel) -> Result<(), SinkError> {
        let events = std::mem::take(&mut parcel.events);
        let batch = Batch { events, next: self.cursor.next, ..Batch::default() };
        self.deliver(&batch)?;
        Ok(self.again.done(parcel, &self.lane)?)
    }

    fn read(&self, reader: &mut Reader) -> Result<Taken, SinkError> {
        let takes_encoded = self.sink.takes_encoded();
        let (mut batch, mut bytes, mut undecodable) = (Batch::default(), 0, 0);
        let mut is_full = true;
        while batch.len() < MAX_EVENTS && bytes < MAX_BYTES {
            let Some(record) = reader.read().map_err(of_spool)? else {
                is_full = false;
                break;
            };
            if batch.is_empty() {
                self.lane.pending.since(record.received_unix_ns);
            }
            bytes += record.payload.len();
            if takes_encoded {
                batch.encoded.push(record.payload.to_vec());
                continue;
            }
            match Event::from_bytes(record.payload) {
                Ok(event) => batch.events.push(event),
                Err(error) => {
                    let (sink, index) = (&self.lane.name, record.index);
                    warn!(sink, index, %error, "skipped an event that cannot be read");
                    undecodable += 1;
                }
            }
        }
        batch.next = reader.position();
        Ok(Taken { batch, is_full, undecodable })
    }

    fn save(&mut self) -> Result<(), SinkError> {
        self.cursor.state = self.sink.state();
        self.lane.spool.advance(&self.lane.name, &self.cursor).map_err(of_spool)
    }

    fn fail(&self, error: &SinkError, retry_in: Duration, reader: &mut Reader) {
        let trouble =
            Trouble { kind: error.kind(), problem: error.to_string(), is_blocked: error.is_blocked() };
        self.lane.fails(&trouble, retry_in);
        // A sink that was never open has read nothing, and its lag is to be seen all the same.
        self.seek(reader);
        if let Ok(Some(record)) = reader.read() {
            self.lane.pending.since_if_nothing(record.received_unix_ns);
        }
        // While it waits, it is not to hold a part of the spool open.
        self.seek(reader);
    }

    /// Puts the reader to where the sink stands.
    fn seek(&self, reader: &mut Reader) {
        let lost = reader.seek(self.cursor.next);
        self.lane.count_lost("spool_full", lost);
    }
}

fn of_spool(error: std::io::Error) -> SinkError {
    SinkError::from(error).at("the spool".to_owned())
}
