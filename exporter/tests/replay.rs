//! `offpath replay`.

use std::process::Output;

use offpath_core::event::Event;
use offpath_exporter::resend::Resends;

use crate::framework::{
    Place,
    events::{EVENT, exchange},
    eventually,
    small_disk::SmallDisk,
};

const SINKS: &str = "[sinks.db]\ntype = \"sqlite\"\nmax_age = \"10000d\"\n[sinks.lines]\ntype = \"jsonl\"\npath = \"${LINES}\"\n[sinks.out]\ntype = \"jsonl\"\npath = \"${LINES}.2\"\n";

/// When the events of these tests began: one second after another, from 2026-11-20T08:00:00Z on.
fn event(id: u128) -> Event {
    let start_unix_ns = 1_795_161_600_000_000_000 + u64::try_from(id).expect("small") * 1_000_000_000;
    Event { start_unix_ns, ..exchange(id) }
}

/// A place whose exporter has delivered events 1 to 10, and ended.
fn place() -> Place {
    let place = Place::with(SINKS);
    let mut ring = place.ring(1 << 20);
    for id in 1..=10 {
        ring.write(EVENT, &event(id).to_bytes()).expect("room in the ring");
    }
    let exporter = place.run();
    eventually("all is delivered", || place.stored().len() == 10 && place.listed().len() == 10);
    exporter.stop();
    place
}

fn offpath(place: &Place, arguments: &[&str]) -> Output {
    place.command().arg("replay").args(arguments).output().expect("run")
}

fn told(place: &Place, arguments: &[&str]) -> String {
    let output = offpath(place, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).expect("text")
}

/// The events in a sink's parcels.
fn parcels(place: &Place, sink: &str) -> Vec<Event> {
    let mut resends = Resends::new(&place.data(), sink);
    let mut events = Vec::new();
    while let Some(mut parcel) = resends.next().expect("read") {
        events.append(&mut parcel.events);
        parcel.done().expect("removed");
    }
    events
}

fn ids(events: &[Event]) -> Vec<u128> {
    events.iter().map(Event::id).collect()
}

#[test]
fn what_began_in_the_time_goes_to_all_sinks_but_local_stores() {
    let place = place();
    let told = told(&place, &["--since", "2026-11-20T08:00:03Z", "--until", "2026-11-20T08:00:06Z"]);
    assert!(told.starts_with("3 events, "), "{told}");
    assert!(told.ends_with("lines: 3 to be sent again\nout: 3 to be sent again\n"), "{told}");
    for sink in ["lines", "out"] {
        assert_eq!(ids(&parcels(&place, sink)), [3, 4, 5], "{sink}");
    }
    assert!(parcels(&place, "db").is_empty());
}

#[test]
fn what_has_left_the_spool_comes_from_the_store_as_it_was() {
    let place = place();
    for segment in place.segments() {
        std::fs::remove_file(segment).expect("removed");
    }
    let told = told(&place, &["--since", "2026-11-20", "--until", "2026-11-21", "--sink", "out"]);
    assert!(told.contains(": 0 from the spool, 10 from local stores\n"), "{told}");
    let expected: Vec<Event> = (1..=10).map(event).collect();
    assert_eq!(parcels(&place, "out"), expected);
}

#[test]
fn what_is_in_the_spool_and_in_the_store_is_sent_once() {
    let place = place();
    let told =
        told(&place, &["--since", "2026-11-20", "--until", "2026-11-21", "--sink", "out", "--sink", "out"]);
    assert!(told.contains("10 from the spool, 0 from local stores"), "{told}");
    assert_eq!(ids(&parcels(&place, "out")), (1..=10).collect::<Vec<_>>());
}

#[test]
fn a_dry_run_tells_and_sends_nothing() {
    let place = place();
    let told = told(&place, &["--since", "2026-11-20", "--until", "2026-11-21", "--dry-run"]);
    assert!(told.contains("would go to lines, out; "), "{told}");
    assert!(!place.data().join("resend").exists());
}

#[test]
fn where_nothing_is_there_to_send_it_says_so() {
    let place = place();
    assert!(told(&place, &["--since", "2020-01-01", "--until", "2020-01-02"]).starts_with("0 events, "));
    assert!(!place.data().join("resend").exists());
}

#[test]
fn an_exporter_that_runs_delivers_what_is_replayed() {
    let place = place();
    let exporter = place.run();
    exporter.address();
    told(&place, &["--since", "2026-11-20T08:00:09Z", "--until", "2026-11-21", "--sink", "lines"]);
    // A file has it twice then: its reader tells repeats by their ids.
    eventually("the two are there once more", || place.listed() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 10, 10]);
    eventually("the parcel is gone", || Resends::new(&place.data(), "lines").waiting().expect("read") == 0);
    assert_eq!(place.stored().len(), 10);
}

#[test]
fn what_is_replayed_while_no_exporter_runs_is_delivered_by_the_next() {
    let place = place();
    told(&place, &["--since", "2026-11-20T08:00:10Z", "--until", "2026-11-21", "--sink", "lines"]);
    let exporter = place.run();
    eventually("it is there once more", || place.listed().len() == 11);
    assert!(exporter.stop().success());
}

#[test]
fn what_is_too_much_for_the_disk_is_refused_before_anything_is_written() {
    let place = Place::with("");
    let Some(disk) = SmallDisk::run(&place) else { return };
    place.ring(1 << 20).write(EVENT, &event(1).to_bytes()).expect("room in the ring");
    let taken = "offpath_events_total{source=\"asgi\"} 1\n";
    eventually("it is taken", || disk.get("/metrics").1.contains(taken));
    let sink = "[sinks.lines]\ntype = \"jsonl\"\npath = \"${LINES}\"\n";
    let config = format!("[exporter]\ndata_dir = \"{}\"\n{sink}", disk.data().display());
    std::fs::write(place.config(), config).expect("written");
    let output = offpath(&place, &["--since", "2026-11-20", "--until", "2026-11-21"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("not enough space") && error.contains("replay a shorter time"), "{error}");
    assert!(!disk.data().join("resend").exists());
}

#[test]
fn what_makes_no_sense_is_refused() {
    let place = Place::with(SINKS);
    let missing = offpath(&place, &["--since", "1h"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("exporter.data_dir"));
    std::fs::create_dir(place.data()).expect("created");
    for (arguments, expected) in [
        (["--since", "soon"].as_slice(), "--since: must be a time in UTC"),
        (&["--since", "1h", "--until", "2h"], "--since must be before --until"),
        (&["--since", "1h", "--sink", "nowhere"], "--sink: must be one of db, lines, out, got \"nowhere\""),
        (&[], "--since <T>"),
    ] {
        let output = offpath(&place, arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(64) && error.contains(expected), "{arguments:?}: {error}");
    }
}
