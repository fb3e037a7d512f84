//! A request's body as a batch: what of it is no batch, said so that its sender's author can act on it.

use std::collections::BTreeMap;

use offpath_core::batch::Batch;

/// Lanes that a sender may have: one byte of its producers' ids, of which a few are used.
const LANES: u32 = 16;

/// More events than a body has room for, were each an event: what bounds the memory that decoding takes, as an empty
/// one takes two bytes of the body and twelve times that of memory.
const MOST_FIELDS: usize = 1 << 16;

/// Reasons of losses that have a name of their own; a sender may write anything there.
const REASONS: [&str; 4] = ["egress_full", "memory", "refused", "too_big"];

/// A batch that makes sense.
#[derive(Debug)]
pub(super) struct Checked {
    /// The lane, as the spool knows it.
    pub(super) lane: u128,
    /// The sender's first lane, under which its losses are known.
    pub(super) first_lane: u128,
    /// The sender, as events of lost events name it.
    pub(super) sender: String,
    /// Each event with its number.
    pub(super) events: Vec<(u64, Vec<u8>)>,
    /// What the sender has lost in all, by reason.
    pub(super) losses: BTreeMap<&'static str, u64>,
}

/// Reads a batch.
pub(super) fn read(body: &[u8]) -> Result<Checked, String> {
    let fields = count_fields(body).ok_or("this is no Batch of filter/core/proto/batch.proto")?;
    if fields > MOST_FIELDS {
        return Err(format!("a batch has at most {MOST_FIELDS} events and losses, got {fields}"));
    }
    let batch = Batch::from_bytes(body)
        .map_err(|error| format!("this is no Batch of filter/core/proto/batch.proto: {error}"))?;
    check(batch)
}

fn check(batch: Batch) -> Result<Checked, String> {
    let (epoch, lane, first) = (batch.epoch(), batch.lane, batch.first_sequence);
    let first_lane = epoch & !0xff;
    if first_lane == 0 {
        return Err("epoch must be 16 random bytes, got 0".to_owned());
    }
    if lane >= LANES {
        return Err(format!("lane must be less than {LANES}, got {lane}"));
    }
    if first == 0 && !batch.events.is_empty() {
        return Err("first_sequence must be at least 1, got 0".to_owned());
    }
    if first.checked_add(batch.events.len() as u64).is_none() {
        return Err(format!("first_sequence leaves no numbers for the events, got {first}"));
    }
    let mut losses = BTreeMap::new();
    for lost in batch.losses {
        let known = REASONS.iter().find(|reason| **reason == lost.reason);
        let total: &mut u64 = losses.entry(*known.unwrap_or(&"other")).or_default();
        *total = total.saturating_add(lost.count);
    }
    let events = (first..).zip(batch.events).collect();
    let (lane, sender) = (first_lane | u128::from(lane), format!("{epoch:032x}"));
    Ok(Checked { lane, first_lane, sender, events, losses })
}

/// How many fields the message has, without decoding them; `None` if it is none.
/// <https://protobuf.dev/programming-guides/encoding/>
fn count_fields(mut rest: &[u8]) -> Option<usize> {
    let mut count = 0;
    while !rest.is_empty() {
        let tag = prost::decode_length_delimiter(&mut rest).ok()?;
        let size = match tag & 0b111 {
            0 => prost::decode_length_delimiter(&mut rest).map(|_| 0).ok()?,
            1 => 8,
            2 => prost::decode_length_delimiter(&mut rest).ok()?,
            5 => 4,
            _ => return None,
        };
        rest = rest.get(size..)?;
        count += 1;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use offpath_core::batch::{Envelope, push_envelope, push_event};
    use proptest::prelude::*;

    const EPOCH: u128 = 0xABCD << 64 | 0x1234_5678;

    fn batch(events: usize, envelope: &Envelope) -> Vec<u8> {
        let mut bytes = Vec::new();
        (0..events).for_each(|_| push_event(&mut bytes, b""));
        push_envelope(&mut bytes, envelope, std::iter::empty());
        bytes
    }

    fn refused(events: usize, envelope: &Envelope) -> String {
        read(&batch(events, envelope)).expect_err("refused")
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_reason() {
        let good = Envelope { epoch: EPOCH, lane: 0, first_sequence: 1 };
        assert!(read(&batch(2, &good)).is_ok());
        assert!(refused(2, &Envelope { epoch: 0, ..good }).contains("epoch"));
        assert!(refused(2, &Envelope { epoch: 0xff, ..good }).contains("epoch"));
        assert!(refused(2, &Envelope { lane: 16, ..good }).contains("lane"));
        assert!(refused(2, &Envelope { first_sequence: 0, ..good }).contains("first_sequence"));
        assert!(refused(2, &Envelope { first_sequence: u64::MAX, ..good }).contains("first_sequence"));
        assert!(refused(MOST_FIELDS, &good).contains("at most"));
        assert!(read(b"no batch").expect_err("refused").contains("batch.proto"));
    }

    #[test]
    fn nothing_but_losses_needs_no_number() {
        assert!(read(&batch(0, &Envelope { epoch: EPOCH, lane: 3, first_sequence: 0 })).is_ok());
    }

    #[test]
    fn lanes_differ_in_the_lowest_byte_of_the_epoch_which_counts_for_nothing_else() {
        let envelope = Envelope { epoch: EPOCH, lane: 3, first_sequence: 7 };
        let checked = read(&batch(2, &envelope)).expect("a batch");
        assert_eq!((checked.lane, checked.first_lane), (EPOCH & !0xff | 3, EPOCH & !0xff));
        assert_eq!(checked.events.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [7, 8]);
        assert_eq!(checked.sender, format!("{EPOCH:032x}"));
    }

    #[test]
    fn reasons_that_have_no_name_here_are_one() {
        let told = [("memory", 3), ("<script>", 4), ("new", u64::MAX), ("memory", 2)];
        let mut bytes = Vec::new();
        push_envelope(&mut bytes, &Envelope { epoch: EPOCH, lane: 0, first_sequence: 0 }, told.into_iter());
        let losses = read(&bytes).expect("a batch").losses;
        assert_eq!(losses, [("memory", 5), ("other", u64::MAX)].into());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_batch_or_refused(bytes: Vec<u8>) {
            let _ = read(&bytes);
        }
    }
}
