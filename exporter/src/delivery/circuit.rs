//! Whether a backend is there, as far as its answers tell.
//!
//! ```text
//!            a failure that says it is away, or several in a row
//!  closed ─────────────────────────────────────────────────────> open: nothing is sent until a pause is over
//!     ^                                                            │  ^
//!     │                       one request is answered              v  │ it fails: the pause grows
//!     └────────────────────────────────────────────────────── one request
//! ```

use std::time::{Duration, Instant};

/// Failures in a row after which a backend that gives answers is left alone.
const IN_A_ROW: u32 = 3;

/// From so many times on, every other one tries what lies farther on.
const DETOURS: u32 = 4;

/// Events that the first such try passes over. As many as a request has, by default: what fails may be one of them.
const FARTHER: u64 = 1_000;

/// The state of it.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    failures: u32,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    /// How many times it was opened in a row.
    times: u32,
}

impl Circuit {
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// When the pause is over; `None` if it is closed.
    pub(super) fn until(&self) -> Option<Instant> {
        self.open.as_ref().map(|open| open.until)
    }

    /// How many times it was opened in a row.
    pub(super) fn times(&self) -> u32 {
        self.open.as_ref().map_or(0, |open| open.times)
    }

    /// How many events the next request passes over: a backend that fails over one event, again and again, may take what
    /// comes after it.
    pub(super) fn detour(&self) -> Option<u64> {
        let beyond = self.times().checked_sub(DETOURS)?;
        beyond.is_multiple_of(2).then(|| FARTHER << (beyond / 2).min(10))
    }

    /// A request failed. Returns whether that is one too many.
    pub(super) fn failed(&mut self) -> bool {
        self.failures += 1;
        self.failures >= IN_A_ROW
    }

    /// A request was answered as it is to be.
    pub(super) fn answered(&mut self) {
        self.failures = 0;
    }

    /// Nothing is to be sent for so long.
    pub(super) fn open(&mut self, pause: Duration, now: Instant) {
        let times = self.times().saturating_add(1);
        self.open = Some(Open { until: now + pause, times });
    }

    /// The next request need not wait.
    pub(super) fn hurry(&mut self, now: Instant) {
        if let Some(open) = &mut self.open {
            open.until = open.until.min(now);
        }
    }

    /// The backend is back.
    pub(super) fn close(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_count_only_in_a_row() {
        let mut circuit = Circuit::default();
        assert!(!circuit.failed() && !circuit.failed());
        circuit.answered();
        assert!(!circuit.failed() && !circuit.failed() && circuit.failed());
    }

    #[test]
    fn after_some_times_every_other_one_goes_farther_on() {
        let (mut circuit, now) = (Circuit::default(), Instant::now());
        let detours = (0..9).map(|_| {
            circuit.open(Duration::ZERO, now);
            circuit.detour()
        });
        let expected = [None, None, None, Some(1_000), None, Some(2_000), None, Some(4_000), None];
        assert_eq!(detours.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn how_many_times_it_was_opened_counts_until_it_closes() {
        let (mut circuit, now) = (Circuit::default(), Instant::now());
        circuit.open(Duration::from_secs(1), now);
        circuit.open(Duration::from_secs(1), now);
        assert_eq!((circuit.times(), circuit.until()), (2, Some(now + Duration::from_secs(1))));
        circuit.hurry(now);
        assert_eq!(circuit.until(), Some(now));
        circuit.close();
        assert_eq!((circuit.times(), circuit.is_open()), (0, false));
    }
}
