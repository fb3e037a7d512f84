//! Which producers the spool must still know, so that nothing of theirs is taken twice.
//!
//! A ring is known as long as it is here. A sender that has no ring says no farewell; it may send once more what it
//! sent just before the exporter was killed, when the exporter is back, hours later. So it is known until it has been
//! silent for a week in which this process ran, as is a ring that went while nobody looked: a worker that has nothing to
//! do for a night still counts its losses from its beginning.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::spool::ProducerStates;

/// How long a producer must be silent.
const SILENCE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Senders that are known at a time: the lanes of 2,048 of Envoy's workers. It bounds what each segment's header holds.
const MOST: usize = 4096;

/// When each producer that has no ring here was last heard of.
#[derive(Debug)]
pub(super) struct Producers {
    heard: BTreeMap<u128, Instant>,
}

impl Producers {
    /// All that the spool knows, at a start.
    pub(super) fn of(states: &ProducerStates, now: Instant) -> Self {
        Self { heard: states.ids().map(|producer| (producer, now)).collect() }
    }

    /// `producer` has a ring here.
    pub(super) fn keep(&mut self, states: &mut ProducerStates, producer: u128, now: Instant) {
        self.forget_silent(states, now);
        self.heard.remove(&producer);
    }

    /// `producer`, which has no ring here, was heard of.
    pub(super) fn heard(&mut self, states: &mut ProducerStates, producer: u128, now: Instant) {
        if self.heard.insert(producer, now).is_some() {
            return;
        }
        // Only a new one makes them more, so there is no other time at which to look.
        self.forget_silent(states, now);
        if self.heard.len() > MOST
            && let Some((&longest_silent, _)) = self.heard.iter().min_by_key(|(_, at)| **at)
        {
            self.heard.remove(&longest_silent);
            states.forget(longest_silent);
        }
    }

    fn forget_silent(&mut self, states: &mut ProducerStates, now: Instant) {
        let silent = self.heard.extract_if(.., |_, at| now.duration_since(*at) > SILENCE);
        silent.for_each(|(producer, _)| states.forget(producer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::{Options, Spool};

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// States in which these producers are known.
    fn states(ids: impl Iterator<Item = u128>) -> ProducerStates {
        let directory = tempfile::tempdir().expect("a directory");
        let opened = Spool::open(directory.path(), Options::new(1 << 30, DAY));
        let (_, mut writer) = opened.expect("opened");
        for id in ids {
            assert!(writer.push(id, 1, 0, b""));
        }
        writer.commit().expect("committed");
        writer.states().clone()
    }

    #[test]
    fn after_a_start_all_are_known_until_they_have_been_silent_while_this_process_ran() {
        let mut states = states([1, 2].into_iter());
        let start = Instant::now();
        let mut producers = Producers::of(&states, start);
        producers.heard(&mut states, 1, start + 3 * DAY);
        producers.heard(&mut states, 3, start + 6 * DAY);
        assert_eq!(states.ids().collect::<Vec<_>>(), [1, 2]);
        producers.heard(&mut states, 4, start + 8 * DAY);
        assert_eq!(states.ids().collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn one_whose_ring_is_here_is_known_however_silent() {
        let mut states = states([1, 2].into_iter());
        let start = Instant::now();
        let mut producers = Producers::of(&states, start);
        producers.keep(&mut states, 1, start);
        producers.keep(&mut states, 3, start + 8 * DAY);
        assert_eq!(states.ids().collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn beyond_the_bound_the_longest_silent_is_forgotten() {
        let most = MOST as u128;
        let mut states = states(1..=most);
        let start = Instant::now();
        let mut producers = Producers::of(&states, start);
        for id in (1..=most).filter(|id| *id != 7) {
            producers.heard(&mut states, id, start + DAY);
        }
        producers.heard(&mut states, most + 1, start + 2 * DAY);
        assert_eq!(states.ids().count(), MOST - 1);
        assert!(states.get(7).is_none());
    }
}
