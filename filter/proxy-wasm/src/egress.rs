//! Events on their way to the exporter: how many are held, what is sent when, and what is lost.
//!
//! ```text
//! push ─> open ──(full, or a lane is free)──> waiting ──> lane 0 ─┐
//!                                                 └─────> lane 1 ─┴─> sent, again and again until it is answered
//! ```
//!
//! Sans-I/O: [`crate::plugin`] sends what is due and tells the answers. A batch that has been sent stays in its lane, and
//! the lane sends nothing else: so the exporter, which remembers how far each lane has come, knows what it has already.
//! While nobody answers, two small batches fill the lanes and everything else gathers behind them, up to the limit;
//! then the oldest of those that were never sent go, and are counted.

mod lane;

use self::lane::Lane;
pub(crate) use self::lane::{Answer, TIMEOUT_MS};
use offpath_core::batch;
use std::collections::VecDeque;

/// A batch is closed when it has so many bytes, or an eighth of what may be held.
const FULL: usize = 256 << 10;

/// Batches on their way at a time.
const LANES: u32 = 2;

/// Why events are lost here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The limit was reached before the exporter took them.
    EgressFull,
    /// There was no memory left to record the exchange.
    Memory,
    /// The event is too big for a batch even without its bodies.
    TooBig,
    /// The exporter will not take the batch: it is none that it can read.
    Refused,
}

impl Reason {
    const ALL: [Self; 4] = [Self::EgressFull, Self::Memory, Self::TooBig, Self::Refused];

    fn name(self) -> &'static str {
        match self {
            Self::EgressFull => "egress_full",
            Self::Memory => "memory",
            Self::TooBig => "too_big",
            Self::Refused => "refused",
        }
    }
}

/// What was lost, in all, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses([u64; Reason::ALL.len()]);

impl Losses {
    fn add(&mut self, reason: Reason, count: u64) {
        if let Some(total) = self.0.get_mut(reason as usize) {
            *total = total.saturating_add(count);
        }
    }

    fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Reason::ALL
            .iter()
            .zip(self.0)
            .filter(|(_, count)| *count > 0)
            .map(|(reason, count)| (reason.name(), count))
    }

    /// Of all reasons together.
    pub(crate) fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

/// Encoded events, as the fields of a [`batch::Batch`].
#[derive(Debug, Default)]
pub(crate) struct Events {
    bytes: Vec<u8>,
    count: u64,
}

/// Everything of one worker that the exporter does not have yet.
#[derive(Debug)]
pub(crate) struct Egress {
    epoch: u128,
    max_memory: usize,
    open: Events,
    /// Memory of a batch that has arrived, for the next one to be gathered in.
    spare: Vec<u8>,
    waiting: VecDeque<Events>,
    waiting_bytes: usize,
    lanes: [Lane; LANES as usize],
    losses: Losses,
    /// What the exporter has been told of them.
    told: u64,
}

impl Egress {
    /// `epoch`: random, and of this life of the worker's VM alone. `max_memory`: bytes of events that may be held.
    pub(crate) fn new(epoch: u128, max_memory: usize) -> Self {
        Self {
            epoch,
            max_memory,
            open: Events::default(),
            spare: Vec::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            lanes: Default::default(),
            losses: Losses::default(),
            told: 0,
        }
    }

    /// The longest event that is taken: with two lanes of an eighth and one such event each, there is room for another.
    pub(crate) fn longest_event(&self) -> usize {
        (self.max_memory / 4).min(batch::MAX_BYTES / 2)
    }

    /// Another configuration lets so many bytes be held. The most of all that did is what holds.
    pub(crate) fn allow(&mut self, max_memory: usize) {
        self.max_memory = self.max_memory.max(max_memory);
    }

    /// Takes an event.
    pub(crate) fn push(&mut self, event: &[u8]) {
        self.make_room(batch::event_size(event.len()));
        batch::push_event(&mut self.open.bytes, event);
        self.open.count = self.open.count.saturating_add(1);
        if self.open.bytes.len() >= FULL.min(self.max_memory / 8) {
            self.close();
        }
    }

    /// Counts events that will never be there.
    pub(crate) fn lose(&mut self, reason: Reason, count: u64) {
        self.losses.add(reason, count);
    }

    /// What was lost so far.
    pub(crate) fn losses(&self) -> Losses {
        self.losses
    }

    /// Whether a batch is full, so that sending it should not wait for the next tick.
    pub(crate) fn is_pressing(&self) -> bool {
        !self.waiting.is_empty() && self.lanes.iter().any(Lane::is_free)
    }

    /// Whether the exporter has everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.count == 0 && self.waiting.is_empty() && self.lanes.iter().all(Lane::is_free)
    }

    /// The next batch to send now: the number of its lane, and its bytes. [`Self::sent`] or
    /// [`Self::not_sent`] is to follow.
    pub(crate) fn due(&mut self, now_ns: u64) -> Option<(u32, &[u8])> {
        let number = (0..).zip(&self.lanes).find(|(_, lane)| lane.is_due(now_ns)).map(|(number, _)| number);
        let number = match number {
            Some(number) => number,
            None => {
                let (number, _) = (0..).zip(&self.lanes).find(|(_, lane)| lane.is_free())?;
                let events = self.next_batch()?;
                self.lane(number)?.load(events);
                number
            }
        };
        let (epoch, losses) = (self.epoch, self.losses);
        Some((number, self.lane(number)?.body(epoch, number, losses)?))
    }

    /// The batch of that lane was sent by a root context, to which its answer will come with the token.
    pub(crate) fn sent(&mut self, number: u32, root: u32, token: u32, now_ns: u64) {
        if let Some(lane) = self.lane(number) {
            lane.sent(root, token, now_ns);
        }
    }

    /// The batch of that lane could not be sent.
    pub(crate) fn not_sent(&mut self, number: u32, now_ns: u64) {
        if let Some(lane) = self.lane(number) {
            lane.back_off(now_ns);
        }
    }

    /// Whether answers are awaited that come to this root context.
    pub(crate) fn awaits(&self, root: u32) -> bool {
        self.lanes.iter().any(|lane| lane.is_sent_by(root))
    }

    /// A root context is gone; no answer comes to it any more.
    pub(crate) fn abandon(&mut self, root: u32) {
        self.lanes.iter_mut().for_each(|lane| lane.abandon(root));
    }

    /// What is lost in all if this ends now.
    pub(crate) fn given_up(&self) -> u64 {
        self.losses.total().saturating_add(self.unsent())
    }

    /// How many events the exporter does not have, as far as is known here.
    pub(crate) fn unsent(&self) -> u64 {
        let in_lanes = self.lanes.iter().map(Lane::events);
        let waiting = self.waiting.iter().map(|events| events.count);
        in_lanes.chain(waiting).fold(self.open.count, u64::saturating_add)
    }

    /// An answer came. Returns whether it was to one of ours.
    pub(crate) fn answered(&mut self, token: u32, answer: Answer, now_ns: u64) -> bool {
        let Some(lane) = self.lanes.iter_mut().find(|lane| lane.awaits(token)) else { return false };
        match answer {
            Answer::Stored => self.told = self.told.max(lane.tells()),
            Answer::Refused => self.losses.add(Reason::Refused, lane.events()),
            Answer::Failed => {
                lane.back_off(now_ns);
                return true;
            }
        }
        self.spare = lane.clear().bytes;
        true
    }

    fn lane(&mut self, number: u32) -> Option<&mut Lane> {
        self.lanes.get_mut(number as usize)
    }

    /// What a free lane is to carry: the oldest that waits, else what is open, else nothing but losses nobody was told of.
    fn next_batch(&mut self) -> Option<Events> {
        if let Some(events) = self.waiting.pop_front() {
            self.waiting_bytes = self.waiting_bytes.saturating_sub(events.bytes.len());
            return Some(events);
        }
        let others_tell = self.lanes.iter().any(|lane| !lane.is_free());
        let untold = self.losses.total() > self.told && !others_tell;
        (self.open.count > 0 || untold).then(|| self.take_open())
    }

    fn take_open(&mut self) -> Events {
        let mut bytes = std::mem::take(&mut self.spare);
        bytes.clear();
        std::mem::replace(&mut self.open, Events { bytes, count: 0 })
    }

    fn close(&mut self) {
        let events = self.take_open();
        self.waiting_bytes = self.waiting_bytes.saturating_add(events.bytes.len());
        self.waiting.push_back(events);
    }

    /// Bytes that are held.
    fn held(&self) -> usize {
        let in_lanes = self.lanes.iter().fold(0_usize, |sum, lane| sum.saturating_add(lane.held()));
        in_lanes.saturating_add(self.waiting_bytes).saturating_add(self.open.bytes.len())
    }

    /// Lets go of the oldest that were never sent: of what is on its way nobody knows whether it has arrived.
    fn make_room(&mut self, bytes: usize) {
        while self.held().saturating_add(bytes) > self.max_memory {
            if self.waiting.is_empty() && self.open.count > 0 {
                self.close();
            }
            let Some(oldest) = self.waiting.pop_front() else { return };
            self.waiting_bytes = self.waiting_bytes.saturating_sub(oldest.bytes.len());
            self.losses.add(Reason::EgressFull, oldest.count);
        }
    }
}

#[cfg(test)]
mod tests;
