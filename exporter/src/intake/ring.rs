//! One ring, as the intake holds it open.

use std::time::{Duration, Instant};

use offpath_ring::{Consumer, Corrupt, Losses};

/// How often a ring's losses are looked at: a full ring loses thousands in a second, and one event tells of them all.
const LOSSES_EVERY: Duration = Duration::from_secs(1);

/// What a ring holds at most of the intake's attention before another has its turn, in bytes.
const TURN: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Ring {
    pub(super) consumer: Consumer,
    /// Its process, as metrics name it.
    pub(super) producer: String,
    losses_seen: Losses,
    losses_due: Instant,
}

/// What one turn of a ring brought.
#[derive(Debug)]
pub(super) enum Turn {
    /// This many records; the ring may have more.
    Took(usize),
    /// Nothing: it is empty.
    Empty,
    /// It cannot be read on.
    Corrupt(Corrupt),
}

impl Ring {
    pub(super) fn new(consumer: Consumer) -> Self {
        let producer = consumer.info().pid.to_string();
        Self { consumer, producer, losses_seen: Losses::default(), losses_due: Instant::now() }
    }

    pub(super) fn id(&self) -> u128 {
        self.consumer.info().ring_id
    }

    /// Reads one turn's worth of records.
    pub(super) fn read(&mut self, record: impl FnMut(offpath_ring::Record<'_>)) -> Turn {
        match self.consumer.read(TURN, record) {
            Ok(0) => Turn::Empty,
            Ok(count) => Turn::Took(count),
            Err(corrupt) => Turn::Corrupt(corrupt),
        }
    }

    /// Whether what waits in it is worth a turn without a pause.
    pub(super) fn has_another_turn(&self) -> bool {
        self.consumer.backlog() >= TURN as u64
    }

    /// Whether the producer will write no more. To be asked before the last [`Ring::read`].
    pub(super) fn is_over(&self) -> bool {
        self.consumer.sealed() || self.consumer.producer_alive().is_ok_and(|alive| !alive)
    }

    /// By reason, what the ring has lost since it was made; `None` if that was looked at lately, or has not changed.
    pub(super) fn new_losses(&mut self, at_once: bool) -> Option<Vec<(&'static str, u64)>> {
        let now = Instant::now();
        if now < self.losses_due && !at_once {
            return None;
        }
        self.losses_due = now + LOSSES_EVERY;
        let losses = self.consumer.losses();
        if losses == self.losses_seen {
            return None;
        }
        self.losses_seen = losses;
        let known = losses.iter().map(|(reason, count)| (reason.name(), count));
        Some(known.chain([("other", losses.unknown())]).collect())
    }
}
