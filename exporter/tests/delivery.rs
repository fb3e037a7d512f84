//! Exactly once, whatever is killed when.

use std::{
    fs,
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::Path,
};

use offpath_exporter::{
    sinks::{Batch, Built, Kind, SinkSettings, jsonl},
    spool::Cursor,
};
use offpath_ring::layout::Word;
use rustix::process::Signal;

use crate::framework::{
    BOTH, Place,
    events::{exchange, write},
    eventually,
    load::{kill_at_random, written_while},
};

#[test]
fn what_is_written_to_a_ring_reaches_each_sink_once() {
    let place = Place::new();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..101);
    let exporter = place.run();
    write(&mut ring, 101..201);
    eventually("all events are in the store", || place.stored().len() >= 200);
    eventually("all events are in the file", || place.listed().len() >= 200);
    let all: Vec<u128> = (1..201).collect();
    assert_eq!(place.stored(), all);
    assert_eq!(place.listed(), all);
    assert!(exporter.stop().success());
}

#[test]
fn exporters_killed_at_random_under_load_deliver_every_event_once() {
    let place = Place::new();
    // Small enough that segments begin and go meanwhile.
    place.configure("spool = { max_size = \"32MiB\" }", BOTH);
    let mut ring = place.ring(16 << 20);
    let committed = written_while(&mut ring, 5, || kill_at_random(&place, 20, 300));
    let exporter = place.run();
    eventually("all events are in the store", || place.stored().len() >= committed.len());
    eventually("all events are in the file", || place.listed().len() >= committed.len());
    assert!(exporter.stop().success());
    assert_same(&place.stored(), &committed);
    assert_same(&place.listed(), &committed);
}

/// Like `assert_eq!`, for lists of which only the differences are worth a look.
pub(crate) fn assert_same(delivered: &[u128], committed: &[u128]) {
    let missing: Vec<&u128> = committed.iter().filter(|id| delivered.binary_search(id).is_err()).collect();
    let extra: Vec<&u128> = delivered.iter().filter(|id| committed.binary_search(id).is_err()).collect();
    let twice: Vec<&u128> =
        delivered.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert!(
        missing.is_empty() && extra.is_empty() && twice.is_empty(),
        "missing {missing:?}, extra {extra:?}, twice {twice:?}"
    );
}

#[test]
fn records_that_were_taken_but_not_released_are_not_taken_twice() {
    let place = Place::new();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..11);
    let exporter = place.run();
    eventually("all is taken", || ring.used() == 0);
    exporter.kill();
    // As if the kill had come between the write to the spool and the release.
    let file = fs::File::options().write(true).open(ring.path()).expect("opened");
    file.write_all_at(&[0; 8], Word::ReadPos.offset() as u64).expect("written");
    assert_ne!(ring.used(), 0);
    let _exporter = place.run();
    write(&mut ring, 11..21);
    eventually("all lines are there", || place.listed().len() >= 20);
    assert_eq!(place.listed(), (1..21).collect::<Vec<u128>>());
}

#[test]
fn what_was_delivered_but_not_noted_is_not_delivered_twice() {
    let place = Place::new();
    let mut ring = place.ring(1 << 20);
    let exporter = place.run();
    let cursors = ["db", "lines"].map(|sink| place.data().join(format!("spool/cursors/{sink}.json")));
    // A cursor is there before its sink is open; what a sink has to say of its file comes into it then.
    let is_open = || fs::read_to_string(&cursors[1]).is_ok_and(|cursor| cursor.contains("inode"));
    eventually("the sinks are open", || cursors[0].exists() && is_open());
    let early = cursors.each_ref().map(|path| fs::read(path).expect("read"));
    write(&mut ring, 1..11);
    eventually("all is delivered", || place.stored().len() == 10 && place.listed().len() == 10);
    exporter.kill();
    // As if the kill had come before the cursors were saved, and in the midst of a line.
    for (path, early) in cursors.iter().zip(early) {
        fs::write(path, early).expect("written");
    }
    let torn = fs::read_to_string(place.lines_file()).expect("read") + "{\"id\":\"00000000";
    fs::write(place.lines_file(), torn).expect("written");
    let _exporter = place.run();
    write(&mut ring, 11..21);
    eventually("all is delivered", || place.stored().len() >= 20 && place.listed().len() >= 20);
    let all: Vec<u128> = (1..21).collect();
    assert_eq!(place.stored(), all);
    assert_eq!(place.listed(), all);
}

#[test]
fn lines_are_not_written_twice_when_a_crash_follows_upon_a_crash() {
    let place = Place::new();
    let batch = Batch { events: (1..11).map(exchange).collect(), next: 10, ..Batch::default() };
    let open = |cursor: &Cursor| {
        let kind = Kind::Jsonl(jsonl::Settings { path: place.lines_file(), rotate: None });
        let Built::OneByOne(mut sink) = (SinkSettings { name: "lines".to_owned(), kind }).build() else {
            panic!("a file takes no requests");
        };
        sink.open(cursor).expect("open");
        sink
    };
    let mut cursor = Cursor::default();
    let mut sink = open(&cursor);
    cursor.state = sink.state();
    sink.deliver(&batch).expect("delivered");
    // Twice it is opened, and its cursor saved, and then killed.
    for _ in 0..2 {
        cursor.state = open(&cursor).state();
    }
    let mut sink = open(&cursor);
    sink.deliver(&batch).expect("delivered");
    assert_eq!(place.listed(), (1..11).collect::<Vec<u128>>());
    cursor.state = sink.state();
    let later = Batch { events: (11..13).map(exchange).collect(), next: 12, ..Batch::default() };
    open(&cursor).deliver(&later).expect("delivered");
    assert_eq!(place.listed(), (1..13).collect::<Vec<u128>>());
}

#[test]
fn a_store_that_is_deleted_does_not_stop_delivery() {
    let place = Place::new();
    let mut ring = place.ring(1 << 20);
    let exporter = place.run();
    write(&mut ring, 1..11);
    eventually("all is stored", || place.stored().len() == 10);
    exporter.stop();
    for file in ["offpath.db", "offpath.db-wal", "offpath.db-shm"] {
        let _ = fs::remove_file(place.data().join(file));
    }
    let _exporter = place.run();
    write(&mut ring, 11..21);
    eventually("what comes is stored", || place.stored().last() == Some(&20));
}

#[test]
fn a_second_signal_ends_the_draining() {
    let place = Place::new();
    fs::create_dir(place.lines_file()).expect("made");
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..11);
    let exporter = place.run();
    exporter.address();
    exporter.signal(Signal::TERM);
    eventually("it drains", || exporter.log().contains("draining"));
    exporter.signal(Signal::TERM);
    assert_eq!(exporter.wait().code(), Some(1));
}

#[test]
fn files_with_bodies_are_not_for_everyone() {
    let place = Place::new();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..2);
    let _exporter = place.run();
    eventually("all is delivered", || place.stored().len() == 1 && place.listed().len() == 1);
    let mode = |path: &Path| fs::metadata(path).expect("there").mode() & 0o777;
    assert_eq!(mode(&place.data()), 0o700);
    assert_eq!(mode(&place.data().join("offpath.db")), 0o600);
    assert_eq!(mode(&place.lines_file()) & 0o137, 0);
}

#[test]
fn sigterm_delivers_what_is_in_the_rings_before_it_ends() {
    let place = Place::new();
    let exporter = place.run();
    exporter.address();
    let mut ring = place.ring(16 << 20);
    write(&mut ring, 1..5_001);
    assert!(exporter.stop().success());
    assert_eq!(place.stored().len(), 5_000);
    assert_eq!(place.listed().len(), 5_000);
    assert_eq!(ring.used(), 0);
}

#[test]
fn a_sink_that_fails_does_not_hold_up_another_and_catches_up() {
    let place = Place::new();
    // A directory where the file should be.
    std::fs::create_dir(place.lines_file()).expect("made");
    let exporter = place.run();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..101);
    eventually("the store has all", || place.stored().len() == 100);
    eventually("it says what is wrong", || {
        let (status, reasons) = exporter.get("/readyz");
        status == 503 && reasons.starts_with("sink lines: ")
    });
    assert!(exporter.count("offpath_sink_errors_total{sink=\"lines\",kind=\"io\"}") > 0);
    eventually("the lag is seen", || {
        exporter.metric::<f64>("offpath_sink_lag_seconds{sink=\"lines\"}") > 0.0
    });

    std::fs::remove_dir(place.lines_file()).expect("removed");
    eventually("the file has all", || place.listed().len() == 100);
    eventually("it is ready", || exporter.get("/readyz").0 == 200);
}

#[test]
fn a_file_that_is_moved_away_is_begun_anew() {
    let place = Place::new();
    let _exporter = place.run();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..11);
    eventually("the first lines are there", || place.listed().len() == 10);
    std::fs::rename(place.lines_file(), place.path().join("events.1.jsonl")).expect("moved");
    write(&mut ring, 11..21);
    eventually("the next lines are there", || place.listed().len() == 10);
    assert_eq!(place.listed(), (11..21).collect::<Vec<u128>>());
}

#[test]
fn lines_that_others_wrote_to_the_file_stay() {
    let place = Place::new();
    std::fs::write(place.lines_file(), "{\"id\":\"63\"}\n").expect("written");
    let _exporter = place.run();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..3);
    eventually("the lines are there", || place.listed().len() == 3);
    assert_eq!(place.listed(), [1, 2, 0x63]);
}
