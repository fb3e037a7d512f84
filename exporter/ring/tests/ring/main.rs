//! The ring as its users meet it: real files, real locks, real processes.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

/// Damaged and hostile files: bounded harm.
mod damage;
/// Permissions, names, space: what makes a file fit to be a ring.
mod files;
/// Arbitrary bytes as a ring; the fuzz target runs the same function.
mod hostile;
/// SIGKILL of producers and consumers at random instants.
mod kill;
/// A producer that dies between any two stores.
mod kill_points;
/// Who is alive, who has ended, who forked.
mod life;
/// Random operations against a queue in plain memory.
mod model;
/// Records from one side to the other.
mod transfer;

use offpath_ring::{Consumer, Options, Producer, rings};
use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The smallest ring an app may make.
const SMALL: Options = Options { capacity: 64 * 1024 };

/// A record as a test compares it.
type Owned = (u64, u8, Vec<u8>);

/// A ring directory that goes with the test.
struct Dir {
    path: PathBuf,
    _root: TempDir,
}

impl Dir {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        Self { path: root.path().join("rings"), _root: root }
    }

    /// One that exists before any ring does.
    fn flat() -> Self {
        let dir = Self::new();
        std::fs::create_dir(&dir.path).unwrap();
        dir
    }

    fn producer(&self) -> Producer {
        Producer::create(&self.path, &SMALL).unwrap()
    }

    /// A ring too small for an app, to reach its end soon.
    fn tiny_producer(&self, capacity: u64) -> Producer {
        Producer::create_of_any_size(&self.path, &Options { capacity }).unwrap()
    }

    fn only_ring(&self) -> PathBuf {
        let paths = rings(&self.path).unwrap();
        assert_eq!(paths.len(), 1, "{paths:?}");
        paths[0].clone()
    }

    fn consumer(&self) -> Consumer {
        Consumer::open(&self.only_ring()).unwrap()
    }
}

fn read_all(consumer: &mut Consumer) -> Vec<Owned> {
    let mut records = Vec::new();
    while consumer.read(usize::MAX, |r| records.push((r.sequence, r.kind, r.payload.to_vec()))).unwrap() > 0 {
    }
    records
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Waits for what the kernel does in its own time. A lock, for one, lives on for a moment in children that other tests
/// fork, until they exec. The patience is far beyond that; it only ends a test that would hang.
fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(30), "waited 30 s for: {what}");
        thread::yield_now();
    }
}
