//! Envoy's batches, over its socket.

/// What a stranger may send, and what it may cost.
mod hostile;
/// The socket's file.
mod socket;

use std::{
    io::{Read as _, Write as _},
    ops::Range,
    os::unix::net::UnixStream,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use offpath_core::batch::{CONTENT_TYPE, Envelope, PATH};
use rustix::process::Signal;

use crate::framework::{
    Place,
    envoy::{EPOCH, Protocol, batch, batch_of, event, post},
    events::write,
    eventually,
    load::kill_at_random,
    small_disk::SmallDisk,
};

const LINES: &str = "[sinks.lines]\ntype = \"jsonl\"\npath = \"${LINES}\"\n";

fn all(ids: Range<u128>) -> Vec<u128> {
    ids.collect()
}

/// A batch with nothing but losses.
fn losses(lane: u32, losses: &[(&str, u64)]) -> Vec<u8> {
    batch_of([], &Envelope { epoch: EPOCH, lane, first_sequence: 0 }, losses)
}

#[test]
fn a_batch_over_either_protocol_is_stored_once() {
    let place = Place::new();
    let exporter = place.run();
    place.connect();
    for (protocol, ids) in [(Protocol::Http1, 1..11), (Protocol::Http2, 11..21)] {
        let answer = post(&place.socket(), protocol, batch(0, ids)).expect("an answer");
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{protocol:?}");
    }
    eventually("all is in the store", || place.stored().len() >= 20);
    eventually("all is in the file", || place.listed().len() >= 20);
    assert_eq!((place.stored(), place.listed()), (all(1..21), all(1..21)));
    assert_eq!(exporter.count("offpath_events_total{source=\"envoy\"}"), 20);
    assert_eq!(exporter.count("offpath_batches_total{result=\"stored\"}"), 2);
}

#[test]
fn a_batch_that_comes_again_is_stored_once_whatever_happened_to_the_exporter() {
    let place = Place::with(LINES);
    let exporter = place.run();
    assert_eq!([place.post(batch(0, 1..11)), place.post(batch(0, 1..11))], [204; 2]);
    assert_eq!(exporter.count("offpath_batches_total{result=\"repeated\"}"), 1);
    assert!(exporter.stop().success());
    let exporter = place.run();
    // Some of it is new.
    assert_eq!(place.post(batch(0, 1..16)), 204);
    exporter.kill();
    let exporter = place.run();
    assert_eq!([place.post(batch(0, 6..16)), place.post(batch(0, 16..21))], [204; 2]);
    assert_eq!(exporter.count("offpath_events_total{source=\"envoy\"}"), 5);
    eventually("all is delivered", || place.listed().len() >= 20);
    assert!(exporter.stop().success());
    assert_eq!(place.listed(), all(1..21));
}

#[test]
fn exporters_killed_at_random_under_load_store_every_batch_once() {
    let place = Place::with(LINES);
    let stop = AtomicBool::new(false);
    let answered = thread::scope(|scope| {
        // Lanes of one worker, with events of their own.
        let lanes = [(0, 1), (1, 1_000_000)];
        let senders = lanes.map(|(lane, first)| {
            let (socket, stop) = (place.socket(), &stop);
            scope.spawn(move || send_until(&socket, lane, first, stop))
        });
        // The moment between the write and the answer is among them.
        kill_at_random(&place, 20, 300);
        stop.store(true, Ordering::Relaxed);
        let exporter = place.run();
        let answered = senders.map(|sender| sender.join().expect("no panic")).concat();
        eventually("all is delivered", || place.listed().len() >= answered.len());
        assert!(exporter.stop().success());
        answered
    });
    assert!(place.listed() == answered, "{} of {} were delivered", place.listed().len(), answered.len());
}

/// Sends batches, each until it is answered with 204, and returns the ids of what was in them.
fn send_until(socket: &Path, lane: u32, first: u128, stop: &AtomicBool) -> Vec<u128> {
    const SIZE: u128 = 20;
    let mut next = first;
    while !stop.load(Ordering::Relaxed) {
        let bytes = batch(lane, next..next + SIZE);
        eventually("it is answered", || {
            post(socket, Protocol::Http2, bytes.clone()).is_ok_and(|answer| answer.status == 204)
        });
        next += SIZE;
    }
    all(first..next)
}

#[test]
fn lanes_have_numbers_of_their_own() {
    let place = Place::with(LINES);
    let exporter = place.run();
    let numbered = |lane, first_sequence, ids: Range<u128>| {
        batch_of(ids.map(event), &Envelope { epoch: EPOCH, lane, first_sequence }, &[])
    };
    // The second lane's first batch overtakes the first lane's; then both go on.
    let batches =
        [numbered(1, 1, 11..21), numbered(0, 1, 1..11), numbered(0, 11, 21..31), numbered(1, 11, 31..41)];
    assert_eq!(batches.map(|bytes| place.post(bytes)), [204; 4]);
    eventually("all is delivered", || place.listed().len() >= 40);
    assert!(exporter.stop().success());
    assert_eq!(place.listed(), all(1..41));
}

#[test]
fn losses_are_told_once_across_lanes_repeats_and_restarts() {
    let place = Place::with(LINES);
    let exporter = place.run();
    for (lane, total) in [(0, 5), (1, 5), (0, 3), (1, 7)] {
        assert_eq!(place.post(losses(lane, &[("egress_full", total)])), 204);
    }
    exporter.kill();
    let exporter = place.run();
    assert_eq!(place.post(losses(0, &[("egress_full", 7), ("memory", 1), ("of a newer filter", 2)])), 204);
    assert_eq!(exporter.count("offpath_dropped_total{reason=\"memory\"}"), 1);
    assert!(exporter.stop().success());
    let expected =
        [("egress_full", 7), ("memory", 1), ("other", 2)].map(|(reason, n)| (reason.to_owned(), n));
    assert_eq!(place.lost(), expected.into());
    assert!(place.lines().iter().all(|line| line["producer"] == format!("{EPOCH:032x}")));
}

#[test]
fn events_that_cannot_be_read_are_counted_once_and_the_others_stored() {
    let place = Place::with(LINES);
    let exporter = place.run();
    let bad = || b"\xFF\xFF\xFF no event".to_vec();
    let envelope = Envelope { epoch: EPOCH, lane: 0, first_sequence: 1 };
    let bytes = batch_of([event(1), bad(), event(2), bad()], &envelope, &[]);
    assert_eq!([place.post(bytes.clone()), place.post(bytes)], [204; 2]);
    assert_eq!(exporter.count("offpath_dropped_total{reason=\"undecodable\"}"), 2);
    assert!(exporter.stop().success());
    assert_eq!(place.lost(), [("undecodable".to_owned(), 2)].into());
    assert_eq!(place.lines().iter().filter(|line| line["kind"] == "exchange").count(), 2);
}

#[test]
fn on_a_full_disk_a_batch_is_refused_as_a_whole_and_taken_when_there_is_space() {
    let place = Place::with(LINES);
    let Some(disk) = SmallDisk::run(&place) else { return };
    assert_eq!(place.post(batch(0, 1..11)), 204);
    disk.fill();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 10_001..10_051);
    let large = batch(0, 11..1_011);
    for _ in 0..3 {
        let answer = post(&place.socket(), Protocol::Http1, large.clone()).expect("an answer");
        assert_eq!((answer.status, answer.retry_after.as_deref()), (503, Some("1")), "{}", answer.text);
        assert!(answer.text.contains("the spool cannot be written"), "{}", answer.text);
    }
    assert!(disk.get("/readyz").1.contains("spool: "), "{}", disk.get("/readyz").1);
    disk.make_room();
    eventually("what waits in the ring is delivered", || place.listed().contains(&10_050));
    assert_eq!(place.listed(), [all(1..11), all(10_001..10_051)].concat(), "nothing of what was refused");
    // The sender had to drop the oldest meanwhile.
    assert_eq!([place.post(batch(0, 511..1_011)), place.post(batch(0, 511..1_011))], [204; 2]);
    eventually("the batch is delivered", || place.listed().len() >= 560);
    assert_eq!(place.listed(), [all(1..11), all(511..1_011), all(10_001..10_051)].concat());
    assert_eq!(disk.get("/readyz").0, 200);
    let (_, metrics) = disk.get("/metrics");
    assert!(metrics.contains("offpath_batches_total{result=\"unwritable\"} 3"), "{metrics}");
    assert!(metrics.contains("offpath_events_total{source=\"envoy\"} 510"), "{metrics}");
}

#[test]
fn what_is_in_progress_when_it_stops_is_answered_and_delivered_and_nobody_else_is() {
    let place = Place::with(LINES);
    let exporter = place.run();
    let mut stream = place.connect();
    let body = batch(0, 1..11);
    let (sooner, later) = body.split_at(body.len() / 2);
    begin(&mut stream, &body, sooner);
    // Answered on another connection, so the first is accepted.
    assert_eq!(place.post(batch(1, 11..21)), 204);
    exporter.signal(Signal::TERM);
    eventually("nobody new is taken", || UnixStream::connect(place.socket()).is_err());
    stream.write_all(later).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer, then the end");
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    assert!(exporter.wait().success());
    assert_eq!(place.listed(), all(1..21));
}

/// The head of a request, and a part of its body.
fn begin(stream: &mut UnixStream, body: &[u8], part: &[u8]) {
    let length = body.len();
    write!(
        stream,
        "POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: {CONTENT_TYPE}\r\ncontent-length: {length}\r\n\r\n"
    )
    .expect("sent");
    stream.write_all(part).expect("sent");
}
