//! What a ring does between one producer and one consumer, on real files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use offpath_ring::{Consumer, LossReason, Options, Producer, Refused, rings};
use std::path::Path;
use tempfile::TempDir;

const SMALL: Options = Options { capacity: 64 * 1024 };

fn directory() -> (TempDir, std::path::PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("rings");
    (root, dir)
}

fn only_ring(dir: &Path) -> Consumer {
    let paths = rings(dir).unwrap();
    assert_eq!(paths.len(), 1, "{paths:?}");
    Consumer::open(&paths[0]).unwrap()
}

fn read_all(consumer: &mut Consumer) -> Vec<(u64, u8, Vec<u8>)> {
    let mut records = Vec::new();
    while consumer.read(usize::MAX, |r| records.push((r.sequence, r.kind, r.payload.to_vec()))).unwrap() > 0 {
    }
    records
}

#[test]
fn a_written_record_is_read_as_it_was() {
    let (_root, dir) = directory();
    let mut producer = Producer::create(&dir, &SMALL).unwrap();
    assert_eq!(producer.write(7, b"hello"), Ok(0));
    assert_eq!(producer.write(8, b""), Ok(1));

    let mut consumer = only_ring(&dir);
    assert_eq!(read_all(&mut consumer), [(0, 7, b"hello".to_vec()), (1, 8, Vec::new())]);
    assert_eq!(consumer.backlog(), 0);
}

#[test]
fn a_full_ring_refuses_and_counts_until_space_is_released() {
    let (_root, dir) = directory();
    let mut producer = Producer::create(&dir, &SMALL).unwrap();
    while producer.write(0, &[1; 1000]).is_ok() {}
    assert_eq!(producer.write(0, &[2; 1000]), Err(Refused::Full));
    assert_eq!(producer.losses()[LossReason::Full], 2);

    let mut consumer = only_ring(&dir);
    assert_eq!(read_all(&mut consumer).len(), 64);
    assert_eq!(producer.write(0, &[3; 1000]), Err(Refused::Full), "read is not released");
    consumer.release();
    assert!(producer.write(0, &[4; 1000]).is_ok());
    assert_eq!(consumer.losses()[LossReason::Full], 3);
}
