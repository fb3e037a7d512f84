//! The batch: how events travel from where no ring can be mapped, Envoy's workers, to the exporter.
//!
//! ```text
//! Batch    = one Protocol Buffers message (proto3), the body of a POST to PATH
//!   1  events          bytes, repeated   each an encoded Event; the n-th has the number first_sequence + n
//!   2  epoch_high      fixed64           the sender: 16 random bytes, new with each life of a worker's VM
//!   3  epoch_low       fixed64
//!   4  lane            varint            one of the sender's few lanes; 0 for the first
//!   5  first_sequence  varint            number of the first event in its lane, from 1
//!   6  losses          Lost, repeated    what this sender has lost since its epoch began
//!
//! Lost     1 reason string, 2 count varint (in all, not since the last batch)
//! ```
//!
//! A lane has one batch on its way at a time, and sends it again until it is answered with 2xx: so numbers in a lane
//! only grow, and the receiver, which remembers the last of each lane, drops what it has already. As losses are totals,
//! a batch that comes twice, or late, reports none twice.
//!
//! `filter/core/proto/batch.proto` is the same layout for other languages; a test holds the two together.

use crate::wire;

/// Where a batch is posted to.
pub const PATH: &str = "/v1/events";

/// Its media type.
pub const CONTENT_TYPE: &str = "application/vnd.offpath.batch";

/// The largest body that is taken, in bytes.
pub const MAX_BYTES: usize = 4 << 20;

const EVENTS: u32 = 1;
const EPOCH_HIGH: u32 = 2;
const EPOCH_LOW: u32 = 3;
const LANE: u32 = 4;
const FIRST_SEQUENCE: u32 = 5;
const LOSSES: u32 = 6;
const REASON: u32 = 1;
const COUNT: u32 = 2;

/// Events on their way, as the receiver reads them.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Batch {
    /// Encoded [`crate::event::Event`]s.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub events: Vec<Vec<u8>>,
    /// First half of the sender's epoch.
    #[prost(fixed64, tag = "2")]
    pub epoch_high: u64,
    /// Second half of it.
    #[prost(fixed64, tag = "3")]
    pub epoch_low: u64,
    /// Which of the sender's lanes it travels in.
    #[prost(uint32, tag = "4")]
    pub lane: u32,
    /// Number of the first event in its lane, from 1.
    #[prost(uint64, tag = "5")]
    pub first_sequence: u64,
    /// What the sender has lost, in all.
    #[prost(message, repeated, tag = "6")]
    pub losses: Vec<Lost>,
}

/// Events that a sender has lost for one reason.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Lost {
    /// Why: `egress_full`, `memory`, …
    #[prost(string, tag = "1")]
    pub reason: String,
    /// How many, since the epoch began.
    #[prost(uint64, tag = "2")]
    pub count: u64,
}

impl Batch {
    /// Reads a batch.
    ///
    /// # Errors
    ///
    /// The bytes are no batch.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, prost::DecodeError> {
        prost::Message::decode(bytes)
    }

    /// Which sender it is from.
    #[must_use]
    pub fn epoch(&self) -> u128 {
        u128::from(self.epoch_high) << 64 | u128::from(self.epoch_low)
    }
}

/// What stands in a batch beside its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Which sender it is from.
    pub epoch: u128,
    /// Which of its lanes it travels in.
    pub lane: u32,
    /// Number of the first event in that lane.
    pub first_sequence: u64,
}

/// Appends an encoded event to a batch.
pub fn push_event(batch: &mut Vec<u8>, event: &[u8]) {
    wire::head(batch, EVENTS, event.len());
    batch.extend_from_slice(event);
}

/// Bytes that [`push_event`] appends for an event of so many bytes.
#[must_use]
pub fn event_size(event: usize) -> usize {
    wire::size(EVENTS, event)
}

/// Appends the rest; a loss without a reason is none. It comes last, so that a batch that is sent again can be cut back to
/// its events, and told anew what was lost.
#[allow(clippy::cast_possible_truncation, reason = "cutting the number in half is the point")]
pub fn push_envelope<'a>(
    batch: &mut Vec<u8>,
    envelope: &Envelope,
    losses: impl Iterator<Item = (&'a str, u64)>,
) {
    wire::fixed64(batch, EPOCH_HIGH, (envelope.epoch >> 64) as u64);
    wire::fixed64(batch, EPOCH_LOW, envelope.epoch as u64);
    wire::number(batch, LANE, envelope.lane.into());
    wire::number(batch, FIRST_SEQUENCE, envelope.first_sequence);
    for (reason, count) in losses.filter(|(reason, _)| !reason.is_empty()) {
        let lost = wire::size(REASON, reason.len()) + wire::number_size(COUNT, count);
        wire::head(batch, LOSSES, lost);
        wire::bytes(batch, REASON, reason.as_bytes());
        wire::number(batch, COUNT, count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(
            events in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 0..5),
            epoch: u128, lane: u32, first_sequence: u64,
            losses in proptest::collection::vec(("[a-z]{1,20}", 1_u64..), 0..3),
        ) {
            let mut bytes = Vec::new();
            for event in &events {
                let before = bytes.len();
                push_event(&mut bytes, event);
                prop_assert_eq!(bytes.len() - before, event_size(event.len()));
            }
            let told = losses.iter().map(|(reason, count)| (reason.as_str(), *count));
            push_envelope(&mut bytes, &Envelope { epoch, lane, first_sequence }, told);
            let batch = Batch::from_bytes(&bytes).expect("a batch");
            prop_assert_eq!((batch.epoch(), batch.lane, batch.first_sequence), (epoch, lane, first_sequence));
            prop_assert_eq!(batch.events, events);
            let read: Vec<_> = batch.losses.into_iter().map(|lost| (lost.reason, lost.count)).collect();
            prop_assert_eq!(read, losses);
        }

        #[test]
        fn any_bytes_are_a_batch_or_an_error(bytes: Vec<u8>) {
            let _ = Batch::from_bytes(&bytes);
        }
    }
}
