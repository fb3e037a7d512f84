//! SIGKILL, for real. The children are this test binary again, running one ignored test with its orders in the environment.
//!
//! A child reports on stderr, one number in 8 bytes each time: a pipe keeps what was written to it when the writer dies,
//! so the parent knows to the record how far the child got.

use crate::{Dir, SMALL, eventually};
use offpath_ring::{Consumer, Options, Producer, Record, Refused};
use std::{
    env,
    io::{self, Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

const ROUNDS: u64 = 25;
const DIR: &str = "OFFPATH_TEST_DIR";

fn start(test: &str, dir: &Dir) -> (Child, mpsc::Receiver<u64>) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", test, "--nocapture"])
        .env(DIR, &dir.path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reports = child.stderr.take().unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut number = [0; 8];
        while reports.read_exact(&mut number).is_ok() {
            let _ = sender.send(u64::from_le_bytes(number));
        }
    });
    (child, receiver)
}

fn report(number: u64) {
    io::stderr().write_all(&number.to_le_bytes()).unwrap();
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Next report; patience as in `eventually`.
fn next(reports: &mpsc::Receiver<u64>) -> u64 {
    reports.recv_timeout(Duration::from_secs(30)).expect("the child reports")
}

/// From nothing to the ring's largest record; each names its sequence in every word.
fn payload(sequence: u64) -> Vec<u8> {
    let words = if sequence.is_multiple_of(97) { 2048 } else { sequence % 251 };
    sequence.to_le_bytes().repeat(usize::try_from(words).unwrap())
}

fn check(record: Record<'_>, expected: u64) {
    assert_eq!(record.sequence, expected);
    assert_eq!(record.payload, payload(expected), "record {expected} is torn");
}

#[test]
#[ignore = "a child that the tests below start"]
fn produce_until_killed() {
    let Some(dir) = env::var_os(DIR) else { return };
    let mut producer = Producer::create(Path::new(&dir), &SMALL).unwrap();
    for sequence in 0.. {
        let payload = payload(sequence);
        while producer.write(1, &payload) == Err(Refused::Full) {
            thread::yield_now();
        }
        report(sequence);
    }
}

/// One round: a child writes, this process reads along, and the child is killed once it has reported `records`.
fn kill_a_producer_after(records: u64) {
    let dir = Dir::new();
    let (mut child, reports) = start("kill::produce_until_killed", &dir);
    next(&reports);
    let mut consumer = dir.consumer();
    assert!(consumer.producer_alive().unwrap());

    let (mut reported, mut read) = (1, 0);
    while reported < records {
        consumer
            .read(10_000, |record| {
                check(record, read);
                read += 1;
            })
            .unwrap();
        consumer.release();
        reported += reports.try_iter().count() as u64;
    }
    kill(&mut child);
    assert!(!consumer.producer_alive().unwrap(), "the kernel frees the lock before the parent can reap");
    assert!(!consumer.sealed());

    reported += reports.iter().count() as u64;
    while consumer
        .read(usize::MAX, |record| {
            check(record, read);
            read += 1;
        })
        .unwrap()
        > 0
    {}
    let in_flight = read.checked_sub(reported).expect("a record whose write returned is missing");
    assert!(in_flight <= 1, "{read} records read, {reported} reported");
}

#[test]
fn a_killed_producer_loses_nothing_it_committed() {
    for round in 0..ROUNDS {
        // Spread over several laps of the ring; the instant within a write is the scheduler's choice.
        kill_a_producer_after(2 + round * round * 7);
    }
}

#[test]
#[ignore = "a child that the test below starts"]
fn consume_until_killed() {
    let Some(dir) = env::var_os(DIR) else { return };
    let mut consumer = offpath_ring::rings(Path::new(&dir))
        .unwrap()
        .pop()
        .map(|path| Consumer::open(&path).unwrap())
        .unwrap();
    let mut budget = 1;
    loop {
        // The report stands for the exporter's spool: release comes only after it.
        consumer
            .read(budget, |record| {
                check(record, record.sequence);
                report(record.sequence);
            })
            .unwrap();
        consumer.release();
        budget = budget * 31 % 5003;
    }
}

/// What consumers reported, as an exporter's spool would hold it.
#[derive(Default)]
struct Spool {
    /// Every sequence below this was reported.
    end: u64,
    next_in_child: Option<u64>,
}

impl Spool {
    /// A consumer may begin with records that the one before it reported, and goes on without a gap.
    fn take(&mut self, sequence: u64) {
        assert_eq!(sequence, self.next_in_child.unwrap_or(sequence), "a gap within one consumer");
        assert!(sequence <= self.end, "record {} was freed before it was reported", self.end);
        self.next_in_child = Some(sequence + 1);
        self.end = self.end.max(sequence + 1);
    }
}

#[test]
fn a_consumer_killed_between_read_and_release_loses_nothing() {
    let dir = Dir::new();
    let mut producer = Producer::create(&dir.path, &Options { capacity: 256 * 1024 }).unwrap();
    let (mut written, mut spool) = (0, Spool::default());
    for round in 0..ROUNDS {
        let (mut child, reports) = start("kill::consume_until_killed", &dir);
        spool.next_in_child = None;
        let goal = written + 50 + 13 * round;
        eventually("the consumer to make room", || {
            reports.try_iter().for_each(|sequence| spool.take(sequence));
            while written < goal {
                match producer.write(1, &payload(written)) {
                    Ok(sequence) => written = sequence + 1,
                    Err(refused) => {
                        assert_eq!(refused, Refused::Full);
                        return false;
                    }
                }
            }
            true
        });
        if spool.end < written {
            spool.take(next(&reports));
        }
        kill(&mut child);
        reports.iter().for_each(|sequence| spool.take(sequence));
    }
    spool.next_in_child = None;
    let mut consumer = dir.consumer();
    while consumer.read(usize::MAX, |record| spool.take(record.sequence)).unwrap() > 0 {}
    assert_eq!(spool.end, written);
}

#[test]
fn what_was_read_and_not_released_is_read_again() {
    let dir = Dir::new();
    let mut producer = dir.producer();
    for sequence in 0..20 {
        producer.write(1, &payload(sequence)).unwrap();
    }
    for _ in 0..3 {
        let mut next = 0;
        let mut consumer = dir.consumer();
        consumer
            .read(usize::MAX, |record| {
                check(record, next);
                next += 1;
            })
            .unwrap();
        assert_eq!(next, 20);
    }
    drop(producer);
    let consumer = dir.consumer();
    eventually("the lock to go", || !consumer.producer_alive().unwrap());
}
