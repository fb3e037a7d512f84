//! Every interleaving, and every order of memory that the orderings allow, of one writer and one reader.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p offpath-ring --release --test loom`
//!
//! It runs the algorithm that runs on mapped files, on loom's atomics. Each word of data is one of loom's cells, so that a
//! byte read while it may still be written fails the test even when its value happens to be right.

#![cfg(loom)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use loom::{
    cell::UnsafeCell,
    sync::{Arc, atomic::AtomicU64},
    thread,
};
use offpath_ring::{
    Refused,
    layout::Word,
    protocol::{Get, Put, Reader, Shared, Writer},
};
use std::{io, sync::atomic::Ordering};

const CAPACITY: u64 = 128;
/// A payload that makes a record of 48 bytes: two of them leave 32 bytes, too few for a third, which needs padding.
const LEN: usize = 24;

struct Memory {
    write_pos: AtomicU64,
    next_sequence: AtomicU64,
    read_pos: AtomicU64,
    data: [UnsafeCell<[u8; 8]>; 16],
}

// SAFETY: loom checks every access to the cells, which is the point of this test.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

#[derive(Clone)]
struct Handle(Arc<Memory>);

impl Handle {
    fn new() -> Self {
        Self(Arc::new(Memory {
            write_pos: AtomicU64::new(0),
            next_sequence: AtomicU64::new(0),
            read_pos: AtomicU64::new(0),
            data: std::array::from_fn(|_| UnsafeCell::new([0; 8])),
        }))
    }

    fn word(&self, word: Word) -> &AtomicU64 {
        match word {
            Word::WritePos => &self.0.write_pos,
            Word::NextSequence => &self.0.next_sequence,
            Word::ReadPos => &self.0.read_pos,
            other => panic!("the protocol does not use {other:?}"),
        }
    }
}

impl Shared for Handle {
    fn capacity(&self) -> u64 {
        CAPACITY
    }

    fn load(&self, word: Word, order: Ordering) -> u64 {
        self.word(word).load(order)
    }

    fn store(&self, word: Word, value: u64, order: Ordering) {
        self.word(word).store(value, order);
    }
}

impl Put for Handle {
    unsafe fn put(&self, offset: usize, bytes: &[u8]) {
        for (nth, part) in bytes.chunks(8).enumerate() {
            // SAFETY: loom fails the test if anyone else is in this cell.
            self.0.data[offset / 8 + nth]
                .with_mut(|cell| unsafe { (&mut (*cell))[..part.len()].copy_from_slice(part) });
        }
    }
}

impl Get for Handle {
    fn get(&self, offset: usize, into: &mut [u8]) -> io::Result<()> {
        for (nth, part) in into.chunks_mut(8).enumerate() {
            // SAFETY: as above.
            self.0.data[offset / 8 + nth]
                .with(|cell| part.copy_from_slice(unsafe { &(&*cell)[..part.len()] }));
        }
        Ok(())
    }
}

fn payload(sequence: u64) -> [u8; LEN] {
    let tag = u8::try_from(sequence + 1).unwrap();
    [tag; LEN]
}

/// Reads once, checks every payload, and frees the space.
fn drain(reader: &mut Reader<Handle>, next: &mut u64) {
    let check = |record: offpath_ring::Record<'_>| {
        assert_eq!(record.sequence, *next);
        assert_eq!(record.payload, payload(*next));
        *next += 1;
    };
    reader.read(usize::MAX, check).unwrap();
    reader.release();
}

/// Fills the ring with `before` records, then lets a writer try `tries` more while a reader drains `drains` times.
fn race(before: u64, tries: u64, drains: usize) {
    loom::model(move || {
        let memory = Handle::new();
        let mut writer = Writer::new(memory.clone());
        for sequence in 0..before {
            assert_eq!(writer.write(0, &payload(sequence)), Ok(sequence));
        }
        let writer = thread::spawn(move || {
            let mut accepted = before;
            for _ in 0..tries {
                match writer.write(0, &payload(accepted)) {
                    Ok(sequence) => {
                        assert_eq!(sequence, accepted);
                        accepted += 1;
                    }
                    Err(refused) => assert_eq!(refused, Refused::Full),
                }
            }
            accepted
        });
        let mut reader = Reader::new(memory);
        let mut next = 0;
        for _ in 0..drains {
            drain(&mut reader, &mut next);
        }
        let accepted = writer.join().unwrap();
        drain(&mut reader, &mut next);
        assert_eq!(next, accepted, "what was accepted is read, all of it");
    });
}

#[test]
fn an_empty_ring_fills_while_it_is_read() {
    race(0, 4, 3);
}

#[test]
fn a_record_behind_padding_waits_for_space_and_becomes_visible_whole() {
    race(2, 3, 4);
}

#[test]
fn a_lap_overwrites_only_what_was_released() {
    race(1, 4, 3);
}

/// A reader that dies between read and release: the next one reads the same, with the writer running all along.
#[test]
fn a_second_reader_reads_again_what_the_first_did_not_release() {
    loom::model(|| {
        let memory = Handle::new();
        let mut writer = Writer::new(memory.clone());
        writer.write(0, &payload(0)).unwrap();
        let writer = thread::spawn(move || {
            (1..4).fold(1, |next, _| next + u64::from(writer.write(0, &payload(next)).is_ok()))
        });
        let mut first = Reader::new(memory.clone());
        let count = first.read(usize::MAX, |_| {}).unwrap() as u64;
        drop(first);

        let mut next = 0;
        let mut second = Reader::new(memory);
        drain(&mut second, &mut next);
        assert!(next >= count);
        let accepted = writer.join().unwrap();
        drain(&mut second, &mut next);
        assert_eq!(next, accepted);
    });
}
