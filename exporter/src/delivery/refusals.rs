//! Whether a backend that refuses an event refuses that event, or everything.
//!
//! One bad event among good ones is set aside, and the others go on. But a backend that is not the one that was meant, or a
//! proxy before it, refuses all there is, and then to set it all aside would empty the spool into dead letters. So only so
//! many events in a row may be refused with none accepted between them; at the next one delivery stops, with an alarm, and
//! nothing more is set aside. From then on one event at a time is tried, each farther on in the spool than the one before, twice
//! as far each time, so that a stretch of bad events does not hold up what comes after it; beyond the end it begins anew, one
//! event later than before, so that each has its turn. As soon as one is accepted, it is known that the backend takes events, and that those between may each be bad: that many may be refused in a row then.

/// How many in a row are believed to be bad.
const IN_A_ROW: u64 = 16;

/// What is known of a backend's refusals.
#[derive(Debug)]
pub(super) struct Refusals {
    in_a_row: u64,
    allowed: u64,
    /// What is tried next; `None` while delivery goes on.
    probe: Option<Probe>,
}

/// A place behind the first open event: how far this round is from where it began, and where that was.
#[derive(Debug, Clone, Copy, Default)]
struct Probe {
    begin: u64,
    farther: u64,
}

impl Probe {
    fn place(self) -> u64 {
        self.begin.saturating_add(self.farther)
    }
}

/// What to do with an event that was refused alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// It is bad: set it aside.
    SetAside,
    /// Everything is refused: hold it.
    Hold,
}

impl Refusals {
    pub(super) fn new() -> Self {
        Self { in_a_row: 0, allowed: IN_A_ROW, probe: None }
    }

    /// How many events after the first open one the next one to try is; `None` if all can be sent.
    pub(super) fn probe_at(&self) -> Option<u64> {
        self.probe.map(Probe::place)
    }

    /// The backend took an event.
    pub(super) fn accepted(&mut self) {
        self.in_a_row = 0;
        self.allowed = IN_A_ROW.saturating_add(self.probe.take().map_or(0, Probe::place));
    }

    /// It refused one that was alone in its request, or so many together.
    pub(super) fn refused(&mut self, count: u64) -> Then {
        if let Some(probe) = &mut self.probe {
            probe.farther = probe.farther.saturating_mul(2).max(1);
            return Then::Hold;
        }
        self.in_a_row += count;
        if self.in_a_row <= self.allowed {
            return Then::SetAside;
        }
        self.probe = Some(Probe::default());
        Then::Hold
    }

    /// The event to try would be beyond the end: begin again, one later, or from the first if that is beyond the end as well.
    pub(super) fn start_over(&mut self) {
        let next =
            |probe: Probe| Probe { begin: if probe.farther == 0 { 0 } else { probe.begin + 1 }, farther: 0 };
        self.probe = self.probe.map(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Delivers events one by one, of which some are bad; returns which were set aside, and how many times it was tried.
    fn deliver(events: &[bool], tries: usize) -> (Vec<usize>, usize) {
        let (mut refusals, mut open, mut aside) =
            (Refusals::new(), (0..events.len()).collect::<Vec<_>>(), vec![]);
        for tried in 0..tries {
            if open.is_empty() {
                return (aside, tried);
            }
            let place = usize::try_from(refusals.probe_at().unwrap_or(0)).expect("small");
            let Some(event) = open.get(place).copied() else {
                refusals.start_over();
                continue;
            };
            if events[event] {
                refusals.accepted();
                open.remove(place);
            } else if refusals.refused(1) == Then::SetAside {
                aside.push(event);
                open.remove(place);
            }
        }
        (aside, tries)
    }

    #[test]
    fn a_backend_that_refuses_everything_costs_no_more_than_a_few() {
        let (aside, _) = deliver(&[false; 1_000], 10_000);
        assert_eq!(aside.len() as u64, IN_A_ROW);
    }

    #[test]
    fn a_long_stretch_of_bad_events_is_passed() {
        let mut events = vec![false; 100];
        events.extend([true; 100]);
        let (aside, tried) = deliver(&events, 10_000);
        assert_eq!(aside, (0..100).collect::<Vec<_>>());
        assert!(tried < 250, "{tried}");
    }

    #[test]
    fn the_last_event_is_reached_wherever_it_is() {
        for bad in 0..100 {
            let events = [vec![false; bad], vec![true]].concat();
            assert_eq!(deliver(&events, 20_000).0.len(), bad, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn none_but_bad_events_are_set_aside_and_all_that_are_followed_by_a_good_one(
            mut events in prop::collection::vec(any::<bool>(), 0..200),
        ) {
            events.push(true);
            let (aside, _) = deliver(&events, 20_000);
            let bad: Vec<usize> = (0..events.len()).filter(|event| !events[*event]).collect();
            prop_assert_eq!(aside, bad);
        }
    }
}
