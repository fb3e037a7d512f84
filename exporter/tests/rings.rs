//! A ring's life.

use std::{fs, os::unix::fs::FileExt as _};

use offpath_ring::LossReason;

use crate::framework::{
    Place,
    events::{EVENT, write},
    eventually,
};

#[test]
fn the_ring_of_a_dead_producer_is_drained_and_removed() {
    let place = Place::new();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..101);
    ring.count_loss(LossReason::Trap, 3);
    // As a crash would: the lock goes, the file stays.
    drop(ring);
    let _exporter = place.run();
    eventually("the ring is removed", || place.rings_left() == 0);
    eventually("all is delivered", || place.stored().len() == 101);
    eventually("its losses are told", || place.lost() == [("trap".to_owned(), 3)].into());
}

#[test]
fn a_sealed_ring_is_drained_and_removed() {
    let place = Place::new();
    let _exporter = place.run();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..101);
    ring.seal();
    eventually("the ring is removed", || place.rings_left() == 0);
    eventually("all is delivered", || place.stored().len() == 100);
}

#[test]
fn a_corrupt_ring_is_set_aside_while_another_goes_on() {
    let place = Place::new();
    let mut bad = place.ring(1 << 20);
    let mut good = place.ring(1 << 20);
    write(&mut bad, 1..11);
    let file = fs::File::options().write(true).open(bad.path()).expect("opened");
    // In the midst of the records, behind the header of 4 KiB.
    file.write_all_at(&[0xFF; 64], 4096 + 5_000).expect("written");
    let exporter = place.run();
    write(&mut good, 11..21);
    eventually("the good ring is delivered", || place.stored().contains(&20));
    eventually("the bad ring is set aside", || place.rings_left() == 1);
    assert!(bad.retired());
    assert!(bad.path().with_extension("bad").exists());
    let delivered = place.stored().iter().filter(|id| (1..11).contains(*id)).count() as u64;
    eventually("the rest is counted", || {
        place.lost() == [("ring_corrupt".to_owned(), 10 - delivered)].into()
    });
    let counted = exporter.count("offpath_dropped_total{reason=\"ring_corrupt\"}");
    assert_eq!(counted, 10 - delivered);
    write(&mut good, 21..31);
    eventually("the good ring goes on", || place.stored().contains(&30));
}

#[test]
fn files_that_are_no_rings_are_set_aside_and_counted() {
    let place = Place::new();
    let mut ring = place.ring(1 << 20);
    fs::write(place.rings().join("empty.ring"), b"").expect("written");
    fs::write(place.rings().join("noise.ring"), [0xA5; 70_000]).expect("written");
    let mut other_boot = fs::read(ring.path()).expect("read");
    other_boot[8..4096].reverse();
    fs::write(place.rings().join("other.ring"), other_boot).expect("written");
    write(&mut ring, 1..11);
    let _exporter = place.run();
    eventually("only the ring is left", || place.rings_left() == 1);
    eventually("they are counted", || place.lost() == [("ring_corrupt".to_owned(), 3)].into());
    eventually("the ring is delivered", || place.stored().len() == 13);
}

#[test]
fn losses_are_reported_once_across_restarts() {
    let place = Place::new();
    let ring = place.ring(1 << 20);
    ring.count_loss(LossReason::Full, 5);
    let exporter = place.run();
    eventually("the first losses are told", || place.lost().get("ring_full") == Some(&5));
    exporter.kill();
    ring.count_loss(LossReason::Full, 2);
    ring.count_loss(LossReason::Trap, 1);
    let exporter = place.run();
    eventually("the next losses are told", || place.lost().get("trap") == Some(&1));
    assert!(exporter.stop().success());
    let exporter = place.run();
    exporter.address();
    assert!(exporter.stop().success());
    assert_eq!(place.lost(), [("ring_full".to_owned(), 7), ("trap".to_owned(), 1)].into());
}

#[test]
fn a_full_ring_s_losses_are_counted_to_the_number() {
    let place = Place::new();
    let mut ring = place.ring(1 << 16);
    let mut refused = 0;
    for id in 1..501 {
        let event = crate::framework::events::exchange(id);
        refused += u64::from(ring.write(EVENT, &event.to_bytes()).is_err());
    }
    assert!(refused > 0);
    let exporter = place.run();
    eventually("the losses are told", || place.lost().get("ring_full") == Some(&refused));
    assert_eq!(exporter.count("offpath_dropped_total{reason=\"ring_full\"}"), refused);
    eventually("all events are there or counted", || {
        place.lines().iter().filter(|line| line["kind"] == "exchange").count() as u64 == 500 - refused
    });
}

#[test]
fn records_that_are_no_events_are_counted_and_the_others_delivered() {
    let place = Place::new();
    let mut ring = place.ring(1 << 20);
    ring.write(EVENT, b"\xFF\xFF\xFF no event").expect("room");
    ring.write(99, b"of a kind to come").expect("room");
    write(&mut ring, 1..3);
    let _exporter = place.run();
    eventually("the events are delivered", || place.stored().len() == 3);
    assert_eq!(place.lost(), [("undecodable".to_owned(), 2)].into());
}
