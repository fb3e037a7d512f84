//! The spool: against a model, on a disk that fails; with damage anywhere, clocks that jump, and kills at any moment.

/// Sizes and ages: the oldest go, and are counted.
mod bounds;
/// The clock on the wall is set while the spool holds records.
mod clocks;
/// Flipped bits, wherever they are.
mod damage;
/// A process that dies at any moment.
mod kill;
/// What was committed is delivered or counted.
mod model;
/// What is read from a time on.
mod past;
/// A machine whose disk fails.
mod sim;

use std::{path::Path, sync::Arc, time::Duration};

use offpath_exporter::spool::{Options, Spool, Writer};

use self::sim::Sim;

/// Where the spool is on a machine in memory.
const SPOOL: &str = "/spool";

/// Segments of a few records, and no bounds.
fn options() -> Options {
    Options {
        max_size: u64::MAX,
        max_age: Duration::from_secs(1 << 40),
        keep: Duration::ZERO,
        segment_size: 1_500,
    }
}

fn open(sim: &Sim, options: Options) -> (Spool, Writer) {
    Spool::open_on(Arc::new(sim.clone()), Path::new(SPOOL), options).expect("opened")
}

/// A payload that nothing else has.
fn payload(index: u64) -> Vec<u8> {
    format!("the payload of record {index}, {}", "x".repeat(100)).into_bytes()
}

/// Commits records with these indexes and [`payload`]s, each by itself.
fn fill(writer: &mut Writer, indexes: std::ops::Range<u64>) {
    for index in indexes {
        assert!(writer.push(1, index, index, &payload(index)));
        writer.commit().expect("committed");
    }
}

/// Reads all that there is for a sink; returns the indexes, and how many were missing.
fn drain(spool: &Spool, sink: &str, next: u64) -> (Vec<u64>, u64) {
    let mut reader = spool.reader(sink, next);
    let mut indexes = Vec::new();
    while let Some(record) = reader.read().expect("read") {
        // Indexes that are that high follow those that were skipped.
        assert!(record.payload == payload(record.index) || record.index > 1 << 40);
        indexes.push(record.index);
    }
    (indexes, reader.take_missing())
}
