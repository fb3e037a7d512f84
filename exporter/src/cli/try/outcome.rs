//! What was done to an exchange, in numbers: left out, masked, cut.

use std::collections::BTreeMap;

use offpath_core::event::{Event, Exchange, Message};

use super::{
    recorded::{Recorded, Side},
    replay::{Verdict, exchange},
};

/// How every mask begins; see `offpath_core::mask`.
const MASK: &str = "[redacted";

/// Of one exchange, or of several together.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Bytes of the bodies as they came.
    pub(super) came: u64,
    /// Bytes of them that are kept.
    pub(super) kept: u64,
    /// Values that are masked.
    pub(super) masked: u64,
    /// Strings, items, levels, images and audio that are cut in JSON.
    pub(super) cut: u64,
}

impl Counts {
    pub(super) fn of(recorded: &Recorded, verdict: &Verdict) -> Self {
        let came = recorded.request.size().saturating_add(recorded.response.size());
        let mut counts = Self { came, masked: verdict.masked, ..Self::default() };
        let Some(exchange) = verdict.event.as_ref().and_then(exchange) else { return counts };
        for body in sides(recorded, exchange).filter_map(|(_, message)| message.body.as_ref()) {
            counts.kept += body.kept();
            counts.cut += body.treated.as_ref().map_or(0, |treated| treated.cut);
        }
        counts
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.came += other.came;
        self.kept += other.kept;
        self.masked += other.masked;
        self.cut += other.cut;
    }
}

/// Values that the core has masked, in headers and query, in an event that is not treated yet.
pub(super) fn masked_by_core(recorded: &Recorded, event: &Event) -> u64 {
    let Some(exchange) = exchange(event) else { return 0 };
    let mut masked = masks(&exchange.query).saturating_sub(masks(&recorded.query));
    for (side, message) in sides(recorded, exchange) {
        let kept = message.headers.iter().map(|header| masks(&header.value)).sum::<u64>();
        let came = side.headers.iter().map(|header| masks(&header.1)).sum();
        masked += kept.saturating_sub(came);
    }
    masked
}

/// Names of the headers that are not kept, in the order in which they came. The host is kept beside them.
pub(super) fn headers_left_out(recorded: &Recorded, verdict: &Verdict) -> Vec<String> {
    let mut left_out = Vec::new();
    let Some(exchange) = verdict.event.as_ref().and_then(exchange) else { return left_out };
    for (side, message) in sides(recorded, exchange) {
        let mut kept: BTreeMap<&str, usize> = BTreeMap::new();
        message.headers.iter().for_each(|header| *kept.entry(&header.name).or_default() += 1);
        for name in side.headers.iter().map(|header| header.0.to_ascii_lowercase()) {
            match kept.get_mut(name.as_str()).filter(|left| **left > 0) {
                Some(left) => *left -= 1,
                None if name == "host" || left_out.contains(&name) => {}
                None => left_out.push(name),
            }
        }
    }
    left_out
}

fn sides<'a>(
    recorded: &'a Recorded,
    exchange: &'a Exchange,
) -> impl Iterator<Item = (&'a Side, &'a Message)> {
    let request = exchange.request.iter().map(|message| (&recorded.request, message));
    request.chain(exchange.response.iter().map(|message| (&recorded.response, message)))
}

fn masks(text: &str) -> u64 {
    text.matches(MASK).count() as u64
}
