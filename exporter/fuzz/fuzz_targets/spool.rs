//! Segments with anything in them: the spool opens, gives out no record but whole ones, comes to an end, and goes on.
//!
//! `cargo +nightly fuzz run spool` in the folder `exporter`.

#![no_main]

#[allow(dead_code)]
#[path = "../../tests/spool/sim.rs"]
mod sim;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use libfuzzer_sys::fuzz_target;
use offpath_exporter::spool::{
    Options, Past, Record, Spool, Writer,
    frame::{self, Header, Kind},
};

use sim::Sim;

const SPOOL: &str = "/spool";
const RECORDS: u64 = 12;

/// When the record came that is written at the end.
const LAST: u64 = u64::MAX;

/// Bytes of a segment, edits included.
const LARGEST: usize = 1 << 17;

fuzz_target!(|input: &[u8]| {
    let sim = Sim::default();
    let (_, mut writer) = open(&sim);
    for at in 0..RECORDS {
        push(&mut writer, at);
    }
    drop(writer);
    let mut input = Input(input);
    while input.edit(&sim).is_some() {}

    let (spool, mut writer) = open(&sim);
    let (cursor, _) = spool.enrol("a").expect("no cursor is no reason to fail");
    push(&mut writer, LAST);
    let first = read_all(&spool, "a", cursor.next);
    assert_eq!(first.last().map(|record| record.1), Some(LAST));
    let (cursor, _) = spool.enrol("b").expect("no cursor is no reason to fail");
    assert_eq!(read_all(&spool, "b", cursor.next), first);
    look_back(&sim, 0);
    look_back(&sim, RECORDS / 2);
});

fn open(sim: &Sim) -> (Spool, Writer) {
    let options = Options {
        max_size: u64::MAX,
        max_age: Duration::from_secs(1 << 40),
        keep: Duration::ZERO,
        segment_size: 800,
    };
    Spool::open_on(Arc::new(sim.clone()), Path::new(SPOOL), options)
        .expect("nothing in a file is a reason not to open")
}

/// What a record that came at `time` holds, so that it can be told from anything else.
fn payload(time: u64) -> Vec<u8> {
    format!("{time} ").repeat(3 + (time % 32) as usize).into_bytes()
}

fn push(writer: &mut Writer, time: u64) {
    assert!(writer.push(1, time, time, &payload(time)));
    writer.commit().expect("the disk has room");
}

fn check(record: &Record<'_>) {
    assert_eq!(record.payload, payload(record.received_unix_ns));
}

/// Index and time of all that a sink gets.
fn read_all(spool: &Spool, sink: &str, next: u64) -> Vec<(u64, u64)> {
    let mut reader = spool.reader(sink, next);
    let mut read: Vec<(u64, u64)> = Vec::new();
    while let Some(record) = reader.read().expect("the disk is good") {
        check(&record);
        assert!(read.last().is_none_or(|last| last.0 < record.index));
        read.push((record.index, record.received_unix_ns));
    }
    assert_eq!(reader.position(), spool.end());
    read
}

fn look_back(sim: &Sim, since: u64) {
    let mut past = Past::open_on(Arc::new(sim.clone()), Path::new(SPOOL)).expect("the disk is good");
    past.since(since).expect("the disk is good");
    while let Some(record) = past.read().expect("the disk is good") {
        check(&record);
        assert!(record.received_unix_ns >= since);
    }
}

fn segments(sim: &Sim) -> Vec<PathBuf> {
    let names = sim.names(Path::new(SPOOL)).into_iter().filter(|name| name.ends_with(".seg"));
    names.map(|name| Path::new(SPOOL).join(name)).collect()
}

/// What a fuzzer says is to be done with the segments.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn number(&mut self) -> Option<usize> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(usize::from(u16::from_le_bytes(*number)))
    }

    /// Does one thing to one segment; `None` if nothing more is to be done.
    fn edit(&mut self, sim: &Sim) -> Option<()> {
        let (what, at, length) = (self.number()?, self.number()?, self.number()?);
        let segments = segments(sim);
        let segment = segments.get(what / 8 % segments.len().max(1))?;
        sim.tamper(segment, |bytes| match what % 8 {
            // Any bytes.
            0..3 => {
                let (given, rest) = self.0.split_at(length.min(self.0.len()));
                self.0 = rest;
                put(bytes, at, given);
            }
            // A whole frame, of any index.
            3 => {
                let marker = marker(bytes);
                put(bytes, at & !7, &whole_frame(marker, self.0, length as u64));
            }
            // The beginning of a frame.
            4 => {
                let marker = marker(bytes);
                put(bytes, at & !7, &marker.to_le_bytes());
            }
            // What is there, a second time.
            5 => {
                let from = length.min(bytes.len());
                let copied = bytes[from..(from + 256).min(bytes.len())].to_vec();
                put(bytes, at, &copied);
            }
            6 => bytes.truncate(at),
            // What a disk has where nothing was written.
            _ => put(bytes, at, &vec![0; length.min(4096)]),
        });
        Some(())
    }
}

fn marker(segment: &[u8]) -> u64 {
    segment.get(16..24).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}

fn whole_frame(marker: u64, given: &[u8], time: u64) -> Vec<u8> {
    let index = given.first_chunk().map_or(time, |bytes| u64::from_le_bytes(*bytes));
    // So that there are some that fit, and some that are far away.
    let index = if index % 4 == 0 { index >> 2 } else { time % (2 * RECORDS) };
    let kind = if time % 5 == 0 { Kind::Loss } else { Kind::Event };
    let header = Header { index, producer: 1, sequence: time, received_unix_ns: time, kind };
    let mut frame = Vec::new();
    frame::encode(marker, &header, &payload(time), &mut frame);
    frame
}

fn put(bytes: &mut Vec<u8>, at: usize, what: &[u8]) {
    let end = at + what.len();
    if end <= LARGEST {
        bytes.resize(bytes.len().max(end), 0);
        bytes[at..end].copy_from_slice(what);
    }
}
