//! Sizes and ages: the oldest go, and are counted for each sink that has not had them.

use std::time::Duration;

use offpath_exporter::spool::{Options, Reason, Spool};

use super::{
    drain, fill, open, options,
    sim::{Fault, Sim},
};

/// What a sweep says that each sink has lost.
fn swept(spool: &Spool) -> Vec<(String, Reason, u64)> {
    let evicted = spool.sweep().evicted;
    let mut lost: Vec<(String, Reason, u64)> = Vec::new();
    for evicted in evicted {
        match lost.iter_mut().find(|lost| lost.0 == evicted.sink) {
            Some(lost) => lost.2 += evicted.count,
            None => lost.push((evicted.sink, evicted.reason, evicted.count)),
        }
    }
    lost
}

/// Has `sink` deliver all before `next`.
fn deliver(spool: &Spool, sink: &str, next: u64) {
    let (mut cursor, _) = spool.enrol(sink).expect("enrolled");
    cursor.next = next;
    spool.advance(sink, &cursor).expect("saved");
}

#[test]
fn at_the_size_bound_each_sink_loses_what_it_had_not() {
    let sim = Sim::default();
    let (spool, mut writer) = open(&sim, options());
    for sink in ["ahead", "behind", "between"] {
        spool.enrol(sink).expect("enrolled");
    }
    fill(&mut writer, 0..60);
    deliver(&spool, "ahead", 60);
    deliver(&spool, "between", 11);
    spool.bound(Options { max_size: 5_000, ..options() });
    let lost = swept(&spool);
    let (left, missing) = drain(&spool, "behind", 0);
    assert_eq!(missing, 0, "it is counted already");
    let gone = 60 - left.len() as u64;
    assert!(gone > 20 && spool.bytes() <= 5_000, "{gone} went, {} are left", spool.bytes());
    let expected = [("behind", gone), ("between", gone - 11)];
    let expected = expected.map(|(sink, count)| (sink.to_owned(), Reason::Full, count));
    assert_eq!(lost, expected);
}

#[test]
fn after_a_restart_a_sink_is_told_what_went_before_it_came_to_it() {
    let sim = Sim::default();
    let (spool, mut writer) = open(&sim, options());
    spool.enrol("a").expect("enrolled");
    fill(&mut writer, 0..60);
    deliver(&spool, "a", 7);
    drop((spool, writer));
    // It is not configured for a while.
    let (spool, writer) = open(&sim, Options { max_size: 5_000, ..options() });
    spool.enrol("b").expect("enrolled");
    spool.sweep();
    drop((spool, writer));
    let (spool, _writer) = open(&sim, options());
    let (cursor, gone) = spool.enrol("a").expect("enrolled");
    assert!(gone > 0);
    assert_eq!(drain(&spool, "a", cursor.next).0.len() as u64 + gone + 7, 60);
}

#[test]
fn at_the_age_bound_the_oldest_go() {
    let sim = Sim::default();
    let (spool, mut writer) = open(&sim, Options { max_age: Duration::from_secs(800), ..options() });
    spool.enrol("a").expect("enrolled");
    fill(&mut writer, 0..10);
    sim.pass(500_000_000_000);
    fill(&mut writer, 10..20);
    assert_eq!(swept(&spool), []);
    sim.pass(500_000_000_000);
    fill(&mut writer, 20..30);
    let lost = swept(&spool);
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].1, Reason::Expired);
    assert!((5..=10).contains(&lost[0].2), "{lost:?}");
}

#[test]
fn what_is_delivered_is_kept_for_a_while_and_not_longer() {
    let sim = Sim::default();
    let keep = Duration::from_secs(3_600);
    let (spool, mut writer) = open(&sim, Options { keep, ..options() });
    fill(&mut writer, 0..60);
    deliver(&spool, "a", 60);
    let all = spool.bytes();
    spool.sweep();
    assert_eq!(spool.bytes(), all);
    sim.pass(3_599_000_000_000);
    spool.sweep();
    assert_eq!(spool.bytes(), all);
    sim.pass(1_000_000_000);
    spool.sweep();
    assert!(spool.bytes() < 2_000, "only the last segment is left");
}

#[test]
fn what_is_kept_goes_when_the_disk_is_full_and_nobody_loses_anything() {
    let sim = Sim::default();
    let keep = Duration::from_secs(3_600);
    let (spool, mut writer) = open(&sim, Options { keep, ..options() });
    fill(&mut writer, 0..60);
    deliver(&spool, "a", 60);
    sim.fail(0, 1, Fault::Full(10));
    assert!(writer.push(1, 60, 60, b""));
    writer.commit().expect_err("the disk is full");
    assert_eq!(swept(&spool), []);
    assert!(spool.bytes() < 2_000, "only the last segment is left");
    writer.commit().expect("there is room");
}

#[test]
fn what_is_kept_is_within_the_size_and_is_nobody_s_loss() {
    let sim = Sim::default();
    let keep = Duration::from_secs(3_600);
    let (spool, mut writer) = open(&sim, Options { keep, max_size: 5_000, ..options() });
    fill(&mut writer, 0..60);
    deliver(&spool, "a", 60);
    assert_eq!(swept(&spool), []);
    assert!((3_000..=5_000).contains(&spool.bytes()), "{}", spool.bytes());
}

#[test]
fn a_segment_that_cannot_be_removed_is_counted_once_and_tried_again() {
    let sim = Sim::default();
    let (spool, mut writer) = open(&sim, options());
    spool.enrol("a").expect("enrolled");
    fill(&mut writer, 0..60);
    spool.bound(Options { max_size: 5_000, ..options() });
    let all = sim.names(std::path::Path::new(super::SPOOL)).len();
    sim.fail(0, 100, Fault::Error);
    let first = spool.sweep();
    assert!(first.failed.is_some());
    assert!(!first.evicted.is_empty());
    assert_eq!(sim.names(std::path::Path::new(super::SPOOL)).len(), all);
    assert!(spool.bytes() > 5_000, "it is still on the disk");
    sim.heal();
    let second = spool.sweep();
    assert!(second.failed.is_none() && second.evicted.is_empty());
    assert!(spool.bytes() <= 5_000);
    assert!(sim.names(std::path::Path::new(super::SPOOL)).len() < all);
}

#[test]
fn a_cursor_is_saved_on_a_full_disk_over_the_old_one() {
    let sim = Sim::default();
    let (spool, mut writer) = open(&sim, options());
    fill(&mut writer, 0..60);
    deliver(&spool, "a", 40);
    // The write of the new file fails; that over the old one succeeds.
    let (mut cursor, _) = spool.enrol("a").expect("enrolled");
    cursor.next = 50;
    sim.fail(0, 2, Fault::Full(5));
    spool.advance("a", &cursor).expect("saved");
    sim.heal();
    drop((spool, writer));
    let (spool, _writer) = open(&sim, options());
    assert_eq!(spool.enrol("a").expect("enrolled").0.next, 50);
}

#[test]
fn a_cursor_for_which_a_full_disk_has_no_space_leaves_the_old_one_whole() {
    let sim = Sim::default();
    let (spool, mut writer) = open(&sim, options());
    fill(&mut writer, 0..60);
    deliver(&spool, "a", 40);
    let (mut cursor, _) = spool.enrol("a").expect("enrolled");
    (cursor.next, cursor.state) = (50, "x".repeat(10_000).into());
    sim.fail(0, 100, Fault::Full(5));
    spool.advance("a", &cursor).expect_err("it is too long");
    sim.heal();
    drop((spool, writer));
    let (spool, _writer) = open(&sim, options());
    assert_eq!(spool.enrol("a").expect("enrolled").0.next, 40);
}

#[test]
fn a_sink_s_first_cursor_is_saved_on_a_full_disk() {
    let sim = Sim::default();
    let (spool, mut writer) = open(&sim, options());
    fill(&mut writer, 0..60);
    let (mut cursor, _) = spool.enrol("a").expect("enrolled");
    cursor.next = 50;
    sim.fail(0, 2, Fault::Full(5));
    spool.advance("a", &cursor).expect("saved");
}

#[test]
fn opening_reads_no_more_than_headers_and_the_last_segment() {
    let sim = Sim::default();
    let (spool, mut writer) = open(&sim, Options { segment_size: 100_000, ..options() });
    fill(&mut writer, 0..20_000);
    let size = spool.bytes();
    drop((spool, writer));
    let before = sim.read();
    let (_spool, _writer) = open(&sim, options());
    let read = sim.read() - before;
    assert!(read < 120_000 && size > 30 * read, "{read} of {size}");
}
