use super::*;
use offpath_core::batch::Batch;
use proptest::prelude::*;
use std::collections::BTreeMap;

const EPOCH: u128 = 7 << 64;
const ROOT: u32 = 1;
const SECOND: u64 = 1_000_000_000;

fn egress(max_memory: usize) -> Egress {
    Egress::new(EPOCH, max_memory)
}

fn event(number: u64, size: usize) -> Vec<u8> {
    let mut event = number.to_le_bytes().to_vec();
    event.resize(size.max(8), 0);
    event
}

/// Sends what is due; returns the batches, with the tokens they were given from `tokens` on.
fn send(egress: &mut Egress, now_ns: u64, tokens: &mut u32) -> Vec<(u32, Batch)> {
    let mut sent = Vec::new();
    while let Some((lane, body)) = egress.due(now_ns) {
        sent.push((*tokens, Batch::from_bytes(body).expect("a batch")));
        egress.sent(lane, ROOT, *tokens, now_ns);
        *tokens += 1;
    }
    sent
}

#[test]
fn a_batch_is_kept_until_it_is_stored() {
    let mut egress = egress(1 << 20);
    egress.push(&event(1, 100));
    let sent = send(&mut egress, 0, &mut 1);
    assert_eq!(sent.len(), 1);
    assert!(!egress.is_empty());
    assert!(egress.answered(1, Answer::Stored, 0));
    assert!(egress.is_empty());
}

#[test]
fn a_batch_that_failed_is_sent_again_under_the_same_numbers() {
    let mut egress = egress(1 << 20);
    let mut tokens = 1;
    egress.push(&event(1, 100));
    let first = send(&mut egress, 0, &mut tokens).remove(0).1;
    egress.answered(1, Answer::Failed, 0);
    assert!(send(&mut egress, 0, &mut tokens).is_empty(), "it is sent again at once");
    let second = send(&mut egress, SECOND, &mut tokens).remove(0).1;
    assert_eq!(first, second);
}

#[test]
fn a_batch_whose_answer_never_comes_is_sent_again() {
    let mut egress = egress(1 << 20);
    let mut tokens = 1;
    egress.push(&event(1, 100));
    send(&mut egress, 0, &mut tokens);
    assert!(send(&mut egress, 5 * SECOND, &mut tokens).is_empty());
    assert_eq!(send(&mut egress, 6 * SECOND, &mut tokens).len(), 1);
    assert!(!egress.answered(1, Answer::Stored, 6 * SECOND), "the first token is awaited still");
}

#[test]
fn a_batch_whose_sender_is_gone_is_sent_again_at_once() {
    let mut egress = egress(1 << 20);
    let mut tokens = 1;
    egress.push(&event(1, 100));
    send(&mut egress, 0, &mut tokens);
    assert!(egress.awaits(ROOT) && !egress.awaits(ROOT + 1));
    egress.abandon(ROOT + 1);
    assert!(send(&mut egress, 0, &mut tokens).is_empty());
    egress.abandon(ROOT);
    assert_eq!(send(&mut egress, 0, &mut tokens).len(), 1);
}

#[test]
fn no_more_than_two_batches_are_on_their_way() {
    let mut egress = egress(4 << 20);
    for number in 0..12 {
        egress.push(&event(number, 128 << 10));
    }
    assert_eq!(send(&mut egress, 0, &mut 1).len(), 2);
}

#[test]
fn numbers_go_on_in_each_lane() {
    let mut egress = egress(1 << 20);
    let mut tokens = 1;
    for number in 0..3 {
        egress.push(&event(number, 100));
        let (token, batch) = send(&mut egress, 0, &mut tokens).remove(0);
        assert_eq!((batch.epoch(), batch.lane, batch.first_sequence), (EPOCH, 0, number + 1));
        egress.answered(token, Answer::Stored, 0);
    }
}

#[test]
fn at_the_limit_the_oldest_go_and_are_told_of() {
    let mut egress = egress(1 << 20);
    for number in 0..100 {
        egress.push(&event(number, 20_000));
    }
    let lost = egress.losses().total();
    assert!(lost > 0 && egress.held() <= 1 << 20);
    let mut tokens = 1;
    let (_, first) = send(&mut egress, 0, &mut tokens).remove(0);
    assert_eq!(
        first.losses.first().map(|lost| (lost.reason.as_str(), lost.count)),
        Some(("egress_full", lost))
    );
    assert_eq!(first.events.first().and_then(|event| event.first().copied()), u8::try_from(lost).ok());
}

#[test]
fn losses_are_told_though_no_event_follows() {
    let mut egress = egress(1 << 20);
    let mut tokens = 1;
    egress.lose(Reason::Memory, 3);
    let (token, batch) = send(&mut egress, 0, &mut tokens).remove(0);
    assert_eq!((batch.events.len(), batch.losses.first().map(|lost| lost.count)), (0, Some(3)));
    egress.answered(token, Answer::Stored, 0);
    assert!(send(&mut egress, 0, &mut tokens).is_empty(), "they are told twice");
}

#[test]
fn what_the_exporter_refuses_is_lost_and_not_sent_for_ever() {
    let mut egress = egress(1 << 20);
    let mut tokens = 1;
    egress.push(&event(1, 100));
    send(&mut egress, 0, &mut tokens);
    egress.answered(1, Answer::Refused, 0);
    let (_, batch) = send(&mut egress, 0, &mut tokens).remove(0);
    assert_eq!((batch.events.len(), batch.losses.first().map(|lost| lost.count)), (0, Some(1)));
}

#[test]
fn answers_are_told_apart_by_their_status() {
    for (status, answer) in [
        (Some(204), Answer::Stored),
        (Some(400), Answer::Refused),
        (Some(413), Answer::Refused),
        (Some(404), Answer::Failed),
        (Some(429), Answer::Failed),
        (Some(503), Answer::Failed),
        (None, Answer::Failed),
    ] {
        assert_eq!(Answer::of(status), answer, "{status:?}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Push(usize),
    Wait(u64),
    Answer {
        oldest: bool,
        stored: bool,
    },
    /// The exporter has it, and its answer is lost.
    LoseAnswer,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (8_usize..40_000).prop_map(Step::Push),
        (0_u64..3).prop_map(|seconds| Step::Wait(seconds * SECOND)),
        (any::<bool>(), any::<bool>()).prop_map(|(oldest, stored)| Step::Answer { oldest, stored }),
        Just(Step::LoseAnswer),
    ];
    proptest::collection::vec(step, 0..300)
}

/// An exporter that remembers how far each lane has come, as the real one does.
#[derive(Default)]
struct Exporter {
    last: BTreeMap<u32, u64>,
    stored: Vec<u64>,
    lost: u64,
}

impl Exporter {
    fn take(&mut self, batch: &Batch) {
        let last = self.last.entry(batch.lane).or_default();
        for (event, sequence) in batch.events.iter().zip(batch.first_sequence..) {
            if sequence > *last {
                *last = sequence;
                self.stored.push(u64::from_le_bytes(*event.first_chunk().expect("a number")));
            }
        }
        let lost: u64 = batch.losses.iter().map(|lost| lost.count).sum();
        self.lost = self.lost.max(lost);
    }
}

proptest! {
    #[test]
    fn every_event_is_stored_once_or_counted_as_lost(steps in steps()) {
        let mut egress = egress(512 << 10);
        let mut exporter = Exporter::default();
        let (mut now, mut tokens, mut pushed) = (0, 1, 0);
        let mut on_their_way: Vec<(u32, Batch)> = Vec::new();
        for step in steps {
            match step {
                Step::Push(size) => {
                    pushed += 1;
                    egress.push(&event(pushed, size));
                    prop_assert!(egress.held() <= 512 << 10);
                }
                Step::Wait(ns) => now += ns,
                Step::Answer { oldest, stored } if !on_their_way.is_empty() => {
                    let at = if oldest { 0 } else { on_their_way.len() - 1 };
                    let (token, batch) = on_their_way.remove(at);
                    if stored { exporter.take(&batch) }
                    egress.answered(token, if stored { Answer::Stored } else { Answer::Failed }, now);
                }
                Step::LoseAnswer if !on_their_way.is_empty() => exporter.take(&on_their_way.remove(0).1),
                _ => {}
            }
            on_their_way.extend(send(&mut egress, now, &mut tokens));
        }
        // The exporter is there again, and answers everything.
        for _ in 0..200 {
            now += 7 * SECOND;
            on_their_way.extend(send(&mut egress, now, &mut tokens));
            for (token, batch) in on_their_way.drain(..) {
                exporter.take(&batch);
                egress.answered(token, Answer::Stored, now);
            }
        }
        prop_assert!(egress.is_empty());
        let stored = exporter.stored.len();
        exporter.stored.sort_unstable();
        exporter.stored.dedup();
        prop_assert_eq!(exporter.stored.len(), stored, "something was stored twice");
        prop_assert_eq!(stored as u64 + exporter.lost, pushed);
    }
}
