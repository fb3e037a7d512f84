//! A memory whose owner dies: after a given number of stores and copies, nothing arrives any more.

use offpath_ring::{
    layout::Word,
    protocol::{Get, Put, Reader, Shared, Writer},
};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    io,
    rc::Rc,
    sync::atomic::Ordering,
};

const CAPACITY: u64 = 256;

struct Memory {
    data: RefCell<Vec<u8>>,
    words: RefCell<HashMap<usize, u64>>,
    /// Changes still to arrive. A copy counts once for each byte, for a death may tear it.
    life: Cell<u64>,
}

impl Memory {
    fn new() -> Rc<Self> {
        let data = RefCell::new(vec![0xAA; 256]);
        Rc::new(Self { data, words: RefCell::default(), life: Cell::new(u64::MAX) })
    }

    fn lives(&self) -> bool {
        let life = self.life.get();
        self.life.set(life.saturating_sub(1));
        life > 0
    }
}

#[derive(Clone)]
struct Handle(Rc<Memory>);

impl Shared for Handle {
    fn capacity(&self) -> u64 {
        CAPACITY
    }

    fn load(&self, word: Word, _: Ordering) -> u64 {
        self.0.words.borrow().get(&word.offset()).copied().unwrap_or(0)
    }

    fn store(&self, word: Word, value: u64, _: Ordering) {
        if self.0.lives() {
            self.0.words.borrow_mut().insert(word.offset(), value);
        }
    }
}

impl Put for Handle {
    unsafe fn put(&self, offset: usize, bytes: &[u8]) {
        for (at, byte) in bytes.iter().enumerate() {
            if self.0.lives() {
                self.0.data.borrow_mut()[offset + at] = *byte;
            }
        }
    }
}

impl Get for Handle {
    fn get(&self, offset: usize, into: &mut [u8]) -> io::Result<()> {
        into.copy_from_slice(&self.0.data.borrow()[offset..][..into.len()]);
        Ok(())
    }
}

/// The third record lies behind padding, on bytes of a lap before.
const PAYLOADS: [&[u8]; 4] = [&[1; 60], &[2; 50], &[3; 64], &[4; 20]];

/// Writes as much as `life` allows; gives the sequences that a reader then finds.
fn survivors(life: u64) -> Vec<u64> {
    let memory = Memory::new();
    let mut writer = Writer::new(Handle(memory.clone()));
    let mut reader = Reader::new(Handle(memory.clone()));
    writer.write(0, PAYLOADS[0]).unwrap();
    reader.read(usize::MAX, |_| {}).unwrap();
    reader.release();

    memory.life.set(life);
    for payload in &PAYLOADS[1..] {
        writer.write(0, payload).unwrap();
    }
    memory.life.set(u64::MAX);

    let mut found = Vec::new();
    let mut next_reader = Reader::new(Handle(memory));
    let sink = |record: offpath_ring::Record<'_>| {
        let nth = usize::try_from(record.sequence).unwrap();
        assert_eq!(record.payload, PAYLOADS[nth]);
        found.push(record.sequence);
    };
    next_reader.read(usize::MAX, sink).unwrap();
    assert_eq!(next_reader.read(usize::MAX, |_| {}), Ok(0));
    found
}

#[test]
fn a_producer_that_dies_between_any_two_bytes_leaves_whole_records_only() {
    let mut longest = 0;
    for life in 0..1000 {
        let found = survivors(life);
        assert!(found.iter().copied().eq(1..=found.len() as u64), "{found:?}");
        assert!(found.len() >= longest, "more life, fewer records: {found:?} after {life}");
        longest = found.len();
    }
    assert_eq!(longest, 3);
}
