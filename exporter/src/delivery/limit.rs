//! How many requests may be in flight: as many as the backend takes without slowing down.
//!
//! Additive increase, multiplicative decrease, as TCP has it. While all that may be in flight is, and answers come as quickly
//! as they did, the limit grows by one per round of answers. Where they come markedly later than they did, it shrinks a
//! little: the backend queues, and more in flight would only wait there. Where the backend fails or asks for less, it halves.

use std::time::{Duration, Instant};

/// Weight of the newest round in what is known of latencies.
const NEWEST: f64 = 0.4;

/// How many deviations later than usual is later.
const DEVIATIONS: f64 = 2.5;

/// A difference that is never worth slowing down for.
const NOISE: f64 = 0.01;

const LATER: f64 = 0.9;
const FAILED: f64 = 0.5;

/// The limit.
#[derive(Debug)]
pub(super) struct Limit {
    most: usize,
    now: f64,
    /// Mean and mean deviation of latencies, in seconds; `None` before the first round.
    usual: Option<(f64, f64)>,
    round: Round,
    /// Failures of what was sent before this were answered by the last decrease.
    decreased: Option<Instant>,
}

/// Answers since the limit was last looked at.
#[derive(Debug, Default)]
struct Round {
    answers: u32,
    seconds: f64,
    was_full: bool,
}

impl Limit {
    /// Begins with one, and never exceeds `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.max(1), now: 1.0, usual: None, round: Round::default(), decreased: None }
    }

    /// How many may be in flight.
    pub(super) fn now(&self) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "rounded down on purpose, and never more than `most`"
        )]
        let now = self.now as usize;
        now
    }

    /// From one again, with what is known of latencies forgotten: the backend that comes back may be another.
    pub(super) fn restart(&mut self) {
        *self = Self::new(self.most);
    }

    /// An answer came after `latency`; `is_full` if no more could have been in flight meanwhile.
    pub(super) fn answered(&mut self, latency: Duration, is_full: bool) {
        self.round.answers += 1;
        self.round.seconds += latency.as_secs_f64();
        self.round.was_full |= is_full;
        if f64::from(self.round.answers) < self.now.floor() {
            return;
        }
        let Round { answers, seconds, was_full } = std::mem::take(&mut self.round);
        let mean = seconds / f64::from(answers);
        let (usual, deviation) = self.usual.unwrap_or((mean, 0.0));
        if mean > usual + (DEVIATIONS * deviation).max(NOISE) {
            self.now = (self.now * LATER).max(1.0);
        } else if was_full {
            self.now = (self.now + 1.0).min(self.most as f64);
        }
        let deviation = deviation + NEWEST * ((mean - usual).abs() - deviation);
        self.usual = Some((usual + NEWEST * (mean - usual), deviation));
    }

    /// What was sent at `sent` failed, in a way that less may help against.
    pub(super) fn failed(&mut self, sent: Instant, now: Instant) {
        if self.decreased.is_none_or(|decreased| sent >= decreased) {
            self.now = (self.now * FAILED).max(1.0);
            self.round = Round::default();
            self.decreased = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const QUICK: Duration = Duration::from_millis(10);

    fn round(limit: &mut Limit, latency: Duration, is_full: bool) {
        for _ in 0..limit.now() {
            limit.answered(latency, is_full);
        }
    }

    #[test]
    fn it_grows_by_one_a_round_up_to_its_bound() {
        let mut limit = Limit::new(4);
        let mut grown = Vec::new();
        for _ in 0..5 {
            grown.push(limit.now());
            round(&mut limit, QUICK, true);
        }
        assert_eq!(grown, [1, 2, 3, 4, 4]);
    }

    #[test]
    fn it_does_not_grow_for_nothing() {
        let mut limit = Limit::new(4);
        round(&mut limit, QUICK, false);
        assert_eq!(limit.now(), 1);
    }

    #[test]
    fn it_shrinks_while_answers_come_later_and_later() {
        let mut limit = Limit::new(64);
        for _ in 0..20 {
            round(&mut limit, QUICK, true);
        }
        let before = limit.now();
        round(&mut limit, Duration::from_secs(1), true);
        assert!(limit.now() < before, "{} of {before}", limit.now());
    }

    #[test]
    fn what_failed_together_halves_it_once() {
        let mut limit = Limit::new(64);
        for _ in 0..20 {
            round(&mut limit, QUICK, true);
        }
        let sent = Instant::now();
        let now = sent + QUICK;
        let before = limit.now();
        limit.failed(sent, now);
        limit.failed(sent, now);
        assert_eq!(limit.now(), before / 2);
        limit.failed(now, now + QUICK);
        assert_eq!(limit.now(), before / 4);
    }

    proptest! {
        #[test]
        fn it_is_always_between_one_and_its_bound(most in 1_usize..300, answers in prop::collection::vec((0_u64..5_000, any::<bool>(), 0_u8..4), 0..400)) {
            let mut limit = Limit::new(most);
            let mut now = Instant::now();
            for (milliseconds, is_full, kind) in answers {
                now += QUICK;
                match kind {
                    0 => limit.failed(now, now),
                    1 => limit.restart(),
                    _ => limit.answered(Duration::from_millis(milliseconds), is_full),
                }
                prop_assert!((1..=most).contains(&limit.now()));
            }
        }
    }
}
