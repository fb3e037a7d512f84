//! The spool's writer, as the ways in share it: what each record that comes in is, and what is told of it.
//!
//! A record counts, in metrics and log, when it is in the spool, or, of what is only counted, when all before it is there. What could not be written stays in the writer's batch,
//! or, of a sender that keeps it and sends it again, is taken out of the batch: see `Journal::whole`.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use offpath_core::{
    config::Service,
    event::{self, Event},
};
use tracing::{info, warn};

use super::{
    producers::Producers,
    record::{Reader, Record, Told},
};
use crate::{
    disk, enrich::Enricher, health::Health, ids, metrics::Metrics, redact::Treatments, spool::Writer,
};

/// The journal, between threads. It is held for one turn of a ring, or one batch, at a time.
#[derive(Debug, Clone)]
pub struct SharedJournal(Arc<Mutex<Journal>>);

/// Takes records, and appends them to the spool.
#[derive(Debug)]
pub struct Journal {
    writer: Writer,
    producers: Producers,
    reader: Reader,
    service: Service,
    metrics: Metrics,
    health: Health,
    /// What metrics and log will learn when the batch is in the spool.
    untold: Vec<Untold>,
}

#[derive(Debug)]
enum Untold {
    Event(Told),
    Loss { reason: String, count: u64, producer: String },
}

impl SharedJournal {
    /// A journal of this writer.
    #[must_use]
    pub fn new(
        writer: Writer,
        service: Service,
        enricher: Enricher,
        metrics: Metrics,
        health: Health,
    ) -> Self {
        let producers = Producers::of(writer.states(), Instant::now());
        Self(Arc::new(Mutex::new(Journal {
            writer,
            producers,
            reader: Reader { treatments: Treatments::default(), enricher },
            service,
            metrics,
            health,
            untold: Vec::new(),
        })))
    }

    /// Losses from now on are of this service.
    pub fn serve(&self, service: Service) {
        self.lock().service = service;
    }

    /// Exchanges with models are read by this one from now on.
    pub fn enrich(&self, enricher: Enricher) {
        self.lock().reader.enricher = enricher;
    }

    /// The journal, for as long as the guard lives. A thread that panicked left whole records behind.
    pub(super) fn lock(&self) -> MutexGuard<'_, Journal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal {
    /// Begins to take records of a producer.
    pub(super) fn records(&mut self, producer: u128) -> Records<'_> {
        Records {
            journal: self,
            producer,
            now: ids::now_unix_ns(),
            last: 0,
            new: 0,
            undecodable: 0,
            too_big: 0,
            missing: 0,
            is_forwarded: false,
        }
    }

    /// The number that comes after all that the spool has of a producer.
    pub(super) fn next(&self, producer: u128) -> u64 {
        self.writer.states().get(producer).and_then(|state| state.sequence).map_or(1, |last| last + 1)
    }

    /// Turns what a producer says it has lost in all, by reason, and the spool does not know of, into events. A total that
    /// is less than what is known is an old one, and says nothing new. Returns whether there was something new.
    pub(super) fn report_losses<'a>(
        &mut self,
        producer: u128,
        totals: impl IntoIterator<Item = (&'a str, u64)>,
        name: &str,
    ) -> bool {
        let known = self.writer.states().get(producer).cloned().unwrap_or_default();
        let mut any = false;
        for (reason, counter) in totals {
            let new = counter.saturating_sub(known.losses.get(reason).copied().unwrap_or(0));
            if new > 0 {
                any = true;
                let (now, event) = self.loss(reason, new, name);
                self.writer.push_loss(producer, counter, now, &event);
            }
        }
        any
    }

    /// Counts a loss that no producer counts.
    pub(super) fn lose(&mut self, reason: &str, count: u64, name: &str) {
        let (now, event) = self.loss(reason, count, name);
        self.writer.push_loss(0, 0, now, &event);
    }

    fn loss(&mut self, reason: &str, count: u64, name: &str) -> (u64, Event) {
        let (reason, producer) = (reason.to_owned(), name.to_owned());
        self.untold.push(Untold::Loss { reason: reason.clone(), count, producer: producer.clone() });
        let now = ids::now_unix_ns();
        let (id_high, id_low) = ids::event_id(now);
        let event = Event {
            schema: event::SCHEMA,
            id_high,
            id_low,
            start_unix_ns: now,
            service: self.service.name.clone(),
            environment: self.service.environment.clone(),
            release: self.service.release.clone(),
            kind: Some(event::Kind::Loss(event::Loss { reason, count, producer })),
            ..Event::default()
        };
        (now, event)
    }

    /// Appends the batch to the spool.
    ///
    /// # Errors
    ///
    /// See [`Writer::commit`]. It is counted, and shown as a problem until a commit succeeds.
    pub(super) fn commit(&mut self) -> io::Result<()> {
        let writes = self.writer.batched() > 0;
        self.writer.commit().inspect_err(|error| self.cannot_write(error))?;
        if writes && self.health.recover("spool") {
            info!("the spool can be written again");
        }
        for untold in self.untold.drain(..) {
            match untold {
                Untold::Event(told) => told.tell(&self.metrics),
                Untold::Loss { reason, count, producer } => {
                    warn!(reason, count, producer, "events were lost");
                    self.metrics.dropped(&reason, count);
                }
            }
        }
        Ok(())
    }

    /// Appends what `add` adds, all of it or nothing. What was in the batch before stays there until it can be written.
    ///
    /// # Errors
    ///
    /// As for [`Journal::commit`].
    pub(super) fn whole<T>(&mut self, add: impl FnOnce(&mut Self) -> T) -> io::Result<T> {
        let (mark, untold) = (self.writer.mark(), self.untold.len());
        let added = add(self);
        if let Err(error) = self.commit() {
            self.writer.rewind(mark);
            self.untold.truncate(untold);
            return Err(error);
        }
        Ok(added)
    }

    /// A producer's ring is open here: it is known until [`Journal::forget`] or [`Journal::heard`].
    pub(super) fn keep(&mut self, producer: u128) {
        self.producers.keep(self.writer.states_mut(), producer, Instant::now());
    }

    /// A producer was heard of that has no ring here: it is known until it has been silent for long.
    pub(super) fn heard(&mut self, producer: u128) {
        self.producers.heard(self.writer.states_mut(), producer, Instant::now());
    }

    /// A producer is no more.
    pub(super) fn forget(&mut self, producer: u128) {
        self.writer.states_mut().forget(producer);
    }

    fn cannot_write(&self, error: &io::Error) {
        self.metrics.spool_error(disk::kind(error));
        if self.health.fail("spool", error.to_string()) {
            warn!(%error, "cannot write to the spool; events stay where they are until it can be written");
        }
    }
}

/// Records of one producer on their way into the batch.
#[derive(Debug)]
pub(super) struct Records<'j> {
    journal: &'j mut Journal,
    producer: u128,
    now: u64,
    last: u64,
    new: u64,
    undecodable: u64,
    too_big: u64,
    missing: u64,
    /// Whether another exporter has had them in its spool.
    is_forwarded: bool,
}

impl Records<'_> {
    /// They were in another exporter's spool.
    pub(super) fn of_another_exporter(self) -> Self {
        Self { is_forwarded: true, ..self }
    }

    /// Takes a record, unless the spool has it. `None` for one of a kind that is no event.
    pub(super) fn take(&mut self, sequence: u64, payload: Option<&[u8]>) {
        let Journal { writer, reader, untold, .. } = &mut *self.journal;
        if writer.has(self.producer, sequence) {
            return;
        }
        self.new += 1;
        self.last = sequence;
        let read = if self.is_forwarded { Reader::forwarded } else { Reader::read };
        match payload.and_then(|payload| read(reader, payload)) {
            None => self.undecodable += 1,
            Some(Record::Store(payload, told)) => {
                if writer.push(self.producer, sequence, self.now, &payload) {
                    untold.push(Untold::Event(told));
                } else {
                    self.too_big += 1;
                }
            }
            Some(Record::Count(told)) => {
                writer.skip(self.producer, sequence);
                untold.push(Untold::Event(told));
            }
        }
    }

    /// Counts a record that was removed on its way here, unless the spool has it.
    pub(super) fn miss(&mut self, sequence: u64) {
        if !self.journal.writer.has(self.producer, sequence) {
            self.new += 1;
            self.last = sequence;
            self.missing += 1;
        }
    }

    /// Counts those that were no good. The loss stands where the last record would, so that the same records are known
    /// should they come again. Returns how many records the spool did not have.
    pub(super) fn finish(self, name: &str) -> u64 {
        let lost =
            [("undecodable", self.undecodable), ("too_big", self.too_big), ("stream_trimmed", self.missing)];
        for (reason, count) in lost {
            if count > 0 {
                let (now, event) = self.journal.loss(reason, count, name);
                let fits = self.journal.writer.push(self.producer, self.last, now, &event.to_bytes());
                debug_assert!(fits, "a loss is small");
            }
        }
        self.new
    }
}
