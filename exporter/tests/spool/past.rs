//! What is read from a time on, of a spool that is in use.

use std::{path::Path, sync::Arc};

use offpath_exporter::spool::{Options, Past};

use super::{SPOOL, fill, open, options, sim::Sim};

fn past(sim: &Sim, since: u64) -> Past {
    let mut past = Past::open_on(Arc::new(sim.clone()), Path::new(SPOOL)).expect("opened");
    past.since(since).expect("found");
    past
}

fn read_all(past: &mut Past) -> Vec<u64> {
    let mut indexes = Vec::new();
    while let Some(record) = past.read().expect("read") {
        indexes.push(record.index);
    }
    indexes
}

#[test]
fn records_are_read_from_a_time_on() {
    let sim = Sim::default();
    let (_spool, mut writer) = open(&sim, options());
    fill(&mut writer, 0..40);
    for since in 0..41 {
        assert_eq!(read_all(&mut past(&sim, since)), (since..40).collect::<Vec<_>>());
    }
}

#[test]
fn segments_that_go_meanwhile_are_passed_over() {
    let sim = Sim::default();
    let (spool, mut writer) = open(&sim, options());
    fill(&mut writer, 0..40);
    let mut past = past(&sim, 0);
    assert_eq!(past.read().expect("read").map(|record| record.index), Some(0));
    spool.bound(Options { max_size: 3_000, ..options() });
    spool.sweep();
    let left = read_all(&mut past);
    assert_eq!(left.last(), Some(&39));
    assert!(left.len() < 39, "{left:?}");
}

#[test]
fn segments_that_begin_meanwhile_are_read_too() {
    let sim = Sim::default();
    let (_spool, mut writer) = open(&sim, options());
    fill(&mut writer, 0..20);
    let mut past = past(&sim, 5);
    assert_eq!(past.read().expect("read").map(|record| record.index), Some(5));
    fill(&mut writer, 20..40);
    let left = read_all(&mut past);
    assert_eq!(left, (6..40).collect::<Vec<_>>());
}

#[test]
fn a_record_that_is_being_written_is_not_read() {
    let sim = Sim::default();
    let (_spool, mut writer) = open(&sim, options());
    fill(&mut writer, 0..3);
    sim.fail(0, 3, super::sim::Fault::Full(90));
    assert!(writer.push(1, 3, 3, &super::payload(3)));
    writer.commit().expect_err("the disk is full");
    assert_eq!(read_all(&mut past(&sim, 0)), [0, 1, 2]);
}

#[test]
fn what_came_while_the_clock_was_wrong_is_found_by_what_it_says() {
    let sim = Sim::default();
    let (_spool, mut writer) = open(&sim, options());
    for (index, time) in [500u64, 501, 7, 8, 9, 10, 11, 12, 502, 503].into_iter().enumerate() {
        assert!(writer.push(1, index as u64, time, &[0; 700]));
        writer.commit().expect("committed");
    }
    assert_eq!(read_all(&mut past(&sim, 400)), [0, 1, 8, 9]);
}
