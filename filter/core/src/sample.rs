//! Which exchanges are kept: `sample`.
//!
//! The rate is decided from the trace id as OpenTelemetry's consistent probability sampling has it: its last 56 bits are
//! a number R, and the exchange is kept if R ≥ T, where T is (1 - rate) · 2^56. So all hosts that see a trace, and every
//! OpenTelemetry sampler of that kind, agree; a higher rate keeps all that a lower one does.
//! <https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/>

use crate::{
    conditions::HeaderCondition, event::Outcome, glob::Glob, trace_context::TraceContext, wanted::Found,
};
use std::{collections::BTreeMap, ops::RangeInclusive};

const RANDOM_BITS: u32 = 56;
/// Routes whose first exchanges are counted at a time; those beyond share one count.
const MOST_ROUTES: usize = 1000;
const MINUTE_NS: u64 = 60_000_000_000;

/// A rate, and what is kept whatever the rate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    /// From 0 to 1.
    pub(crate) rate: f64,
    /// T. 0 keeps everything.
    threshold: u64,
    /// Whether the caller's decision, where there is one, stands in the rate's place.
    pub(crate) follow_parent: bool,
    pub(crate) keep: Vec<Keep>,
}

/// What is kept whatever the rate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Keep {
    /// It failed: a status of 500 or more, a gRPC status other than 0, or an outcome that is not the client's doing.
    Error,
    Status(RangeInclusive<u16>),
    /// It took at least so many nanoseconds.
    Slow(u64),
    Header(HeaderCondition),
    Route(Glob),
    /// It is one of the first so many of its route in this minute, in this guest.
    First(u32),
}

/// What is known at the end of an exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended<'a> {
    pub(crate) status: u16,
    pub(crate) grpc_status: Option<u32>,
    pub(crate) outcome: Outcome,
    pub(crate) elapsed_ns: u64,
    pub(crate) route: &'a [u8],
}

impl Default for Sample {
    fn default() -> Self {
        Self::new(1.0, false, Vec::new())
    }
}

impl Sample {
    /// `rate`: from 0 to 1.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "2^56 times a number from 0 to 1"
    )]
    pub(crate) fn new(rate: f64, follow_parent: bool, keep: Vec<Keep>) -> Self {
        let all = 1_u64 << RANDOM_BITS;
        Self { rate, threshold: ((1.0 - rate) * all as f64).round() as u64, follow_parent, keep }
    }

    /// A trace is kept by the rate if the last 56 bits of its id are no less.
    pub(crate) fn threshold(&self) -> u64 {
        self.threshold
    }

    /// Whether everything is kept, and there is nothing to ask.
    pub(crate) fn keeps_all(&self) -> bool {
        self.threshold == 0 && !self.follow_parent
    }

    /// Whether the end may bring a reason that the beginning did not.
    pub(crate) fn decides_late(&self) -> bool {
        self.keep.iter().any(|keep| !matches!(keep, Keep::Header(_)))
    }

    /// Why it is kept, as far as the request's head tells; `None`: it does not tell, or it is not kept.
    pub(crate) fn early(
        &self,
        trace_id: u128,
        caller: Option<TraceContext>,
        found: &Found<'_>,
    ) -> Option<&'static str> {
        if self.keeps_all() {
            return Some("always");
        }
        let by_header =
            self.keep.iter().any(|keep| matches!(keep, Keep::Header(condition) if condition.holds(found)));
        match caller.filter(|_| self.follow_parent) {
            Some(caller) if caller.flags & TraceContext::SAMPLED != 0 => Some("parent"),
            None if random_of(trace_id) >= self.threshold => Some("rate"),
            _ => by_header.then_some("header"),
        }
    }

    /// Why it is kept, where the beginning gave no reason. `is_among_first` is asked last.
    pub(crate) fn late(&self, ended: &Ended<'_>) -> Option<&'static str> {
        self.keep.iter().find_map(|keep| match keep {
            Keep::Error => ended.is_error().then_some("error"),
            Keep::Status(range) => range.contains(&ended.status).then_some("status"),
            Keep::Slow(least) => (ended.elapsed_ns >= *least).then_some("slow"),
            Keep::Route(glob) => glob.matches(ended.route).then_some("route"),
            Keep::Header(_) | Keep::First(_) => None,
        })
    }

    /// How many of a route and minute are kept.
    pub(crate) fn first(&self) -> Option<u32> {
        self.keep.iter().find_map(|keep| if let Keep::First(count) = keep { Some(*count) } else { None })
    }
}

impl Ended<'_> {
    fn is_error(&self) -> bool {
        let failed = matches!(self.outcome, Outcome::AppError | Outcome::UpstreamError | Outcome::Reset);
        failed || self.status >= 500 || self.grpc_status.is_some_and(|status| status != 0)
    }
}

/// R of a trace id.
#[allow(clippy::cast_possible_truncation, reason = "the last 56 bits are what is asked for")]
fn random_of(trace_id: u128) -> u64 {
    trace_id as u64 & ((1 << RANDOM_BITS) - 1)
}

/// How many exchanges of each rule and route this minute has brought.
#[derive(Clone, Debug, Default)]
pub(crate) struct Minute {
    number: u64,
    counts: BTreeMap<(usize, u64), u32>,
}

impl Minute {
    /// Counts an exchange that ended at `unix_ns`; returns how many there were before it in its minute.
    pub(crate) fn count(&mut self, unix_ns: u64, rule: usize, route: &[u8]) -> u32 {
        let number = unix_ns / MINUTE_NS;
        if number != self.number {
            self.number = number;
            self.counts.clear();
        }
        let mut key = (rule, hash(route));
        if self.counts.len() >= MOST_ROUTES && !self.counts.contains_key(&key) {
            key = (usize::MAX, 0);
        }
        let count = self.counts.entry(key).or_default();
        let before = *count;
        *count = count.saturating_add(1);
        before
    }
}

/// FNV-1a: routes are the operator's own, so nobody has them collide on purpose.
fn hash(bytes: &[u8]) -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(BASIS, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_rate(rate: f64, trace_id: u128) -> bool {
        Sample::new(rate, false, Vec::new()).early(trace_id, None, &Found::default()).is_some()
    }

    #[test]
    fn a_rate_of_one_keeps_all_and_of_zero_nothing() {
        assert!(by_rate(1.0, 0));
        assert!(!by_rate(0.0, u128::MAX));
    }

    /// The thresholds of the specification's examples: 0.5 is 0x80000000000000, 0.25 is 0xc0000000000000.
    #[test]
    fn thresholds_are_those_of_the_specification() {
        assert_eq!(Sample::new(0.5, false, Vec::new()).threshold, 0x80_0000_0000_0000);
        assert_eq!(Sample::new(0.25, false, Vec::new()).threshold, 0xc0_0000_0000_0000);
    }

    #[test]
    fn a_caller_s_decision_stands_in_the_place_of_the_rate_if_it_is_followed() {
        let caller = |flags| Some(TraceContext { trace_id: u128::MAX, parent_id: 1, flags });
        let found = Found::default();
        let following = Sample::new(0.0, true, Vec::new());
        assert_eq!(following.early(1, caller(1), &found), Some("parent"));
        assert_eq!(following.early(1, caller(0), &found), None);
        assert_eq!(Sample::new(1.0, true, Vec::new()).early(1, caller(0), &found), None);
        assert_eq!(Sample::new(1.0, true, Vec::new()).early(1, None, &found), Some("rate"));
        assert_eq!(Sample::new(0.0, false, Vec::new()).early(1, caller(1), &found), None);
    }

    #[test]
    fn the_first_of_a_route_are_counted_by_the_minute() {
        let mut minute = Minute::default();
        let mut count = |second: u64, route: &[u8]| minute.count(second * 1_000_000_000, 0, route);
        assert_eq!([count(1, b"/a"), count(2, b"/a"), count(3, b"/b"), count(61, b"/a")], [0, 1, 0, 0]);
    }

    #[test]
    fn the_count_of_routes_is_bounded() {
        let mut minute = Minute::default();
        for route in 0..3000_u32 {
            minute.count(0, 0, &route.to_le_bytes());
        }
        assert!(minute.counts.len() <= MOST_ROUTES + 1);
    }

    proptest! {
        #[test]
        fn a_higher_rate_keeps_all_that_a_lower_one_does(a in 0.0..1.0, b in 0.0..1.0, trace_id: u128) {
            prop_assert!(!by_rate(f64::min(a, b), trace_id) || by_rate(f64::max(a, b), trace_id));
        }
    }
}
