//! What is to be delivered, batch by batch, and what of it is.

use std::{
    io,
    rc::Rc,
    time::{Duration, Instant},
};

use tracing::warn;

use super::{
    Limits,
    batch::{Batch, Meter, Origin},
    window::Window,
};
use crate::{
    ids,
    resend::Parcel,
    sinks::lane::{Again, Lane},
    spool::{Cursor, Reader},
};

/// Where batches come from: the spool, and between its batches what is to be sent again.
#[derive(Debug)]
pub(super) struct Source {
    lane: Lane,
    reader: Reader,
    window: Window,
    /// Index that the next record has unless some are missing.
    expected: u64,
    /// A batch that others may still join, and since when it waits for them.
    filling: Option<(Batch, Instant)>,
    again: Again,
    parcel: Option<Sending>,
    /// How many parcels there were.
    parcels: u64,
    /// What is read next is the oldest that is open.
    is_oldest_next: bool,
    /// The batch before this one was a parcel: now it is the spool's turn.
    was_parcel: bool,
    meter: Meter,
}

/// A parcel, and what of it is done.
#[derive(Debug)]
struct Sending {
    /// Without its events: they are in a batch, or were let go.
    parcel: Parcel,
    number: u64,
    events: u64,
    window: Window,
    /// It is to be read again, for what is left of it.
    is_let_go: bool,
}

impl Source {
    pub(super) fn new(lane: Lane, cursor: &Cursor, again: Again) -> Self {
        let window = Window::restore(cursor.next, &cursor.state, lane.spool.clamp(u64::MAX));
        let next = window.next();
        let reader = lane.spool.reader(&lane.name, next);
        Self {
            lane,
            reader,
            window,
            expected: next,
            filling: None,
            again,
            parcel: None,
            parcels: 0,
            is_oldest_next: true,
            was_parcel: false,
            meter: Meter::default(),
        }
    }

    /// Bytes of all batches that are not done, without the one that others may still join.
    pub(super) fn prepared(&self) -> usize {
        self.meter.held() - self.filling.as_ref().map_or(0, |(batch, _)| batch.size())
    }

    pub(super) fn window(&self) -> &Window {
        &self.window
    }

    /// When the first event came of a batch that waits for more.
    pub(super) fn filling_since(&self) -> Option<u64> {
        self.filling.as_ref().map(|(batch, _)| batch.received_unix_ns)
    }

    /// When a batch that waits for more goes without.
    pub(super) fn due(&self, max_age: Duration) -> Option<Instant> {
        self.filling.as_ref().map(|(_, since)| *since + max_age)
    }

    /// The next batch: a full one, or one that has waited long enough; with `is_hurried`, whatever there is.
    pub(super) fn next(&mut self, limits: &Limits, is_hurried: bool) -> io::Result<Option<Rc<Batch>>> {
        if !self.was_parcel
            && let Some(batch) = self.next_parcel()
        {
            self.was_parcel = true;
            return Ok(Some(Rc::new(batch)));
        }
        self.was_parcel = false;
        self.of_spool(limits, is_hurried)
    }

    /// What a backend that is away is asked with: a batch of the spool, whose turn it is then for as long as a parcel fails. If
    /// there is none, a parcel.
    pub(super) fn probe(&mut self, limits: &Limits) -> io::Result<Option<Rc<Batch>>> {
        if let Some(batch) = self.of_spool(limits, true)? {
            return Ok(Some(batch));
        }
        Ok(self.next_parcel().map(Rc::new))
    }

    /// As [`Source::next`], and never a parcel.
    pub(super) fn of_spool(&mut self, limits: &Limits, is_hurried: bool) -> io::Result<Option<Rc<Batch>>> {
        let is_full = self.fill(limits)?;
        let is_due = is_full
            || is_hurried
            || self.filling.as_ref().is_some_and(|(_, since)| since.elapsed() >= limits.max_age);
        Ok(if is_due { self.filling.take().map(|(batch, _)| Rc::new(batch.close())) } else { None })
    }

    /// Passes over so many open events. Returns whether there are more.
    pub(super) fn skip(&mut self, count: u64) -> io::Result<bool> {
        let one = Limits { max_events: 1, max_size: 1, max_age: Duration::ZERO };
        for _ in 0..count {
            if !self.fill(&one)? {
                return Ok(false);
            }
            self.filling = None;
        }
        Ok(true)
    }

    /// Reads on until a batch is full; returns whether it is.
    fn fill(&mut self, limits: &Limits) -> io::Result<bool> {
        loop {
            if let Some((batch, _)) = &self.filling
                && (batch.len() >= limits.max_events || batch.size() >= limits.max_size)
            {
                return Ok(true);
            }
            let read = match self.reader.read()? {
                Some(record) => {
                    if self.window.open_from(record.index) == record.index {
                        let meter = &self.meter;
                        let (batch, _) = self.filling.get_or_insert_with(|| {
                            (Batch::new(Origin::Spool, record.received_unix_ns, meter), Instant::now())
                        });
                        batch.push(record.index, record.payload);
                        if std::mem::take(&mut self.is_oldest_next) {
                            self.lane.pending.since(record.received_unix_ns);
                        }
                    }
                    Some(record.index)
                }
                None => None,
            };
            self.pass_gap(read.unwrap_or(self.reader.position()));
            let Some(index) = read else { return Ok(false) };
            self.expected = index + 1;
        }
    }

    /// What is missing before `index` does not come any more. It is counted when it is first found.
    fn pass_gap(&mut self, index: u64) {
        let missing = self.reader.take_missing();
        let open = self.window.count_open(self.expected, index);
        self.lane.count_lost("spool_damaged", missing.min(open));
        self.window.finish(self.expected, index);
        self.expected = self.expected.max(index);
    }

    fn next_parcel(&mut self) -> Option<Batch> {
        if self.parcel.as_ref().is_some_and(|sending| !sending.is_let_go) {
            return None;
        }
        let mut parcel = self.again.next(&self.lane)?;
        let events = std::mem::take(&mut parcel.events);
        let before = self.parcel.take().filter(|before| before.parcel.is(&parcel));
        let (number, window) = match before {
            Some(before) => (before.number, before.window),
            None => {
                self.parcels += 1;
                (self.parcels, Window::new(0))
            }
        };
        let mut batch = Batch::new(Origin::Parcel(number), ids::now_unix_ns(), &self.meter);
        for (place, event) in (0..).zip(&events) {
            if window.open_from(place) == place {
                batch.push(place, &event.to_bytes());
            }
        }
        self.parcel = Some(Sending { parcel, number, events: events.len() as u64, window, is_let_go: false });
        if batch.len() == 0 {
            self.end_parcel();
            return None;
        }
        Some(batch.close())
    }

    /// The events at these places of a batch are delivered, or set aside.
    pub(super) fn settle(&mut self, batch: &Batch, places: &[usize]) {
        let window = match (batch.origin, &mut self.parcel) {
            (Origin::Spool, _) => &mut self.window,
            (Origin::Parcel(number), Some(sending)) if sending.number == number => &mut sending.window,
            // Somebody has removed it meanwhile.
            (Origin::Parcel(_), _) => return,
        };
        let mut run: Option<(u64, u64)> = None;
        for index in places.iter().filter_map(|place| batch.index(*place)) {
            run = Some(match run {
                Some((start, end)) if end == index => (start, index + 1),
                other => {
                    other.into_iter().for_each(|(start, end)| window.finish(start, end));
                    (index, index + 1)
                }
            });
        }
        run.into_iter().for_each(|(start, end)| window.finish(start, end));
        if self.parcel.as_ref().is_some_and(|sending| sending.window.next() >= sending.events) {
            self.end_parcel();
        }
    }

    fn end_parcel(&mut self) {
        if let Some(sending) = self.parcel.take()
            && let Err(error) = self.again.done(sending.parcel, &self.lane)
        {
            warn!(sink = self.lane.name, %error, "cannot remove what was sent again, which will be sent once more");
        }
    }

    /// Forgets what was read, so that nothing is held while the backend is away. Then it is the spool's turn.
    pub(super) fn let_go(&mut self) {
        (self.filling, self.was_parcel) = (None, true);
        if let Some(sending) = &mut self.parcel {
            sending.is_let_go = true;
        }
    }

    /// Goes back to the first event that is open. To be called when no batch is left.
    pub(super) fn rewind(&mut self) {
        self.let_go();
        let next = self.window.next();
        let lost = self.reader.seek(next);
        // Of those that went from the spool after they were read, some are delivered.
        self.lane.count_lost("spool_full", self.window.count_open(next, next + lost));
        self.window.finish(next, next + lost);
        self.expected = self.window.next();
        self.is_oldest_next = true;
    }

    /// Whether all that the spool holds was read.
    pub(super) fn is_read(&self) -> bool {
        let is_sending = self.parcel.as_ref().is_some_and(|sending| !sending.is_let_go);
        self.filling.is_none() && !is_sending && self.reader.position() >= self.lane.spool.end()
    }
}
