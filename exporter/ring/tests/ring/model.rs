//! The model: records in a `VecDeque`, and the positions that the layout's rules give them. It knows the rules for padding
//! and fullness in their plainest form, and nothing of bytes.

use crate::{Dir, Owned};
use offpath_ring::{Consumer, LossReason, Producer, Refused};
use proptest::{collection::vec, prelude::*};
use std::collections::VecDeque;

#[derive(Debug, Clone)]
enum Operation {
    Write {
        kind: u8,
        len: usize,
    },
    Read {
        max_bytes: usize,
    },
    Release,
    /// The consumer dies and another opens the ring.
    Reopen,
    CountLoss(u64),
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => (any::<u8>(), 0..300_usize).prop_map(|(kind, len)| Operation::Write { kind, len }),
        3 => prop_oneof![0..200_usize, Just(usize::MAX)].prop_map(|max_bytes| Operation::Read { max_bytes }),
        3 => Just(Operation::Release),
        1 => Just(Operation::Reopen),
        1 => (0..5_u64).prop_map(Operation::CountLoss),
    ]
}

struct Model {
    capacity: u64,
    /// Records not released, each with the positions where it starts and ends.
    records: VecDeque<(u64, u64, Owned)>,
    /// How many of them were read.
    read: usize,
    cursor: u64,
    written: u64,
    released: u64,
    next_sequence: u64,
    full: u64,
    too_big: u64,
    trap: u64,
}

impl Model {
    fn write(&mut self, kind: u8, payload: &[u8]) -> Result<u64, Refused> {
        let (len, max) = (payload.len() as u64, self.capacity / 4);
        if len > max {
            self.too_big += 1;
            return Err(Refused::TooBig { len, max });
        }
        let extent = (24 + len).div_ceil(8) * 8;
        let to_end = self.capacity - self.written % self.capacity;
        let start = if extent <= to_end { self.written } else { self.written + to_end };
        if start + extent - self.released > self.capacity {
            self.full += 1;
            return Err(Refused::Full);
        }
        let sequence = self.next_sequence;
        self.records.push_back((start, start + extent, (sequence, kind, payload.to_vec())));
        self.written = start + extent;
        self.next_sequence += 1;
        Ok(sequence)
    }

    fn read(&mut self, max_bytes: usize) -> Vec<Owned> {
        let last = self.cursor.saturating_add(max_bytes as u64);
        let mut records = Vec::new();
        while let Some((start, end, record)) = self.records.get(self.read) {
            if !records.is_empty() && *end > last {
                // The reader has passed over the padding in front of the record that it left.
                self.cursor = *start;
                break;
            }
            records.push(record.clone());
            self.cursor = *end;
            self.read += 1;
        }
        records
    }

    fn release(&mut self) {
        self.records.drain(..self.read);
        self.read = 0;
        self.released = self.cursor;
    }

    fn reopen(&mut self) {
        self.read = 0;
        self.cursor = self.released;
    }
}

fn check(model: &Model, producer: &Producer, consumer: &Consumer) {
    assert_eq!(producer.written(), model.written);
    assert_eq!(producer.consumed(), model.released);
    assert_eq!(producer.used(), model.written - model.released);
    assert_eq!(consumer.backlog(), model.written - model.cursor);
    let losses = consumer.losses();
    assert_eq!(losses[LossReason::Full], model.full);
    assert_eq!(losses[LossReason::TooBig], model.too_big);
    assert_eq!(losses[LossReason::Trap], model.trap);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_ring_behaves_as_a_bounded_queue(
        capacity in (7..11_u32).prop_map(|bits| 1_u64 << bits),
        operations in vec(operation(), 1..200),
    ) {
        let dir = Dir::new();
        let mut producer = dir.tiny_producer(capacity);
        let mut consumer = dir.consumer();
        let mut model = Model {
            capacity, records: VecDeque::new(), read: 0, cursor: 0, written: 0, released: 0, next_sequence: 0,
            full: 0, too_big: 0, trap: 0,
        };
        for (step, operation) in operations.into_iter().enumerate() {
            match operation {
                Operation::Write { kind, len } => {
                    let payload: Vec<u8> = step.to_le_bytes().into_iter().cycle().take(len).collect();
                    prop_assert_eq!(producer.write(kind, &payload), model.write(kind, &payload));
                }
                Operation::Read { max_bytes } => {
                    let mut records = Vec::new();
                    let sink = |r: offpath_ring::Record<'_>| records.push((r.sequence, r.kind, r.payload.to_vec()));
                    let count = consumer.read(max_bytes, sink).unwrap();
                    prop_assert_eq!(count, records.len());
                    prop_assert_eq!(records, model.read(max_bytes));
                }
                Operation::Release => {
                    consumer.release();
                    model.release();
                }
                Operation::Reopen => {
                    consumer = dir.consumer();
                    model.reopen();
                }
                Operation::CountLoss(n) => {
                    producer.count_loss(LossReason::Trap, n);
                    model.trap += n;
                }
            }
            check(&model, &producer, &consumer);
        }
    }
}
