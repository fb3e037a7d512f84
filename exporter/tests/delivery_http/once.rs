use std::{collections::BTreeSet, fs, thread, time::Duration};

use super::{all, arrives, place, says, written};
use crate::framework::{
    events::write,
    eventually,
    load::any_moment,
    proxy::{Fault, Proxy},
    receiver::{Receiver, Reply},
};

#[test]
fn what_is_written_arrives_once_and_compressed() {
    let receiver = Receiver::start();
    let place = place(receiver.address(), "");
    let exporter = place.run();
    let _ring = written(&place, 1..2_001);
    arrives(&receiver, 1..2_001);
    let sent = "offpath_sink_sent_total{sink=\"web\"}";
    eventually("it is counted", || exporter.count(sent) == 2_000);
    eventually("there is no backlog", || exporter.count("offpath_sink_backlog_events{sink=\"web\"}") == 0);
    let head = &receiver.heads()[0];
    let version = env!("CARGO_PKG_VERSION");
    assert!(
        head.contains("content-encoding: gzip") && head.contains(&format!("user-agent: offpath/{version}"))
    );
}

#[test]
fn more_and_more_requests_are_in_flight_while_that_helps() {
    let receiver = Receiver::start();
    // Slow enough that one at a time would be few.
    receiver.answers(|_| {
        thread::sleep(Duration::from_millis(1));
        Reply::Taken
    });
    let place = place(receiver.address(), "concurrency = 4");
    let _exporter = place.run();
    let _ring = written(&place, 1..3_001);
    arrives(&receiver, 1..3_001);
    let most = receiver.take_most_in_flight();
    assert!((2..=4).contains(&most), "{most} were in flight");
}

#[test]
fn clean_restarts_send_nothing_twice() {
    let receiver = Receiver::start();
    let place = place(receiver.address(), "");
    let mut ring = place.ring(8 << 20);
    for round in 0..10 {
        let exporter = place.run();
        write(&mut ring, round * 300 + 1..round * 300 + 301);
        eventually("some arrive", || receiver.taken().len() as u128 > round * 300);
        assert!(exporter.stop().success());
    }
    let _exporter = place.run();
    arrives(&receiver, 1..3_001);
}

#[test]
fn a_clean_restart_sends_nothing_twice_of_what_was_answered_out_of_order() {
    let receiver = Receiver::start();
    // One batch is never taken, those after it are.
    receiver.answers(|ids| if ids.contains(&5) { Reply::status(500) } else { Reply::Taken });
    let place = place(receiver.address(), "concurrency = 8");
    let exporter = place.run();
    let mut ring = written(&place, 1..2);
    eventually("the first one arrives", || receiver.taken().len() == 1);
    write(&mut ring, 2..2_001);
    eventually("some of the others arrive", || receiver.taken().len() > 20);
    assert!(exporter.stop().success());
    receiver.always(Reply::Taken);
    let _exporter = place.run();
    arrives(&receiver, 1..2_001);
}

#[test]
fn exporters_killed_at_random_while_the_network_fails_lose_nothing() {
    let receiver = Receiver::start();
    let proxy = Proxy::before(receiver.address());
    let place = place(proxy.address(), "");
    let mut ring = place.ring(16 << 20);
    let faults = [
        Fault::None,
        Fault::Refuse,
        Fault::CutRequest(2_000),
        Fault::CutAnswer(20),
        Fault::Slow(Duration::from_millis(5)),
        Fault::Hang,
    ];
    for round in 0..18_usize {
        let fault = faults[round % faults.len()];
        proxy.set(fault);
        let before = receiver.taken().len();
        let exporter = place.run();
        write(&mut ring, round as u128 * 100 + 1..round as u128 * 100 + 101);
        // Else a machine on which it takes long to start would have none killed that sends.
        if matches!(fault, Fault::None | Fault::CutAnswer(_) | Fault::Slow(_)) {
            eventually("it sends", || receiver.taken().len() > before);
        }
        any_moment(300);
        exporter.kill();
    }
    proxy.set(Fault::None);
    let _exporter = place.run();
    let arrived = || receiver.taken().into_iter().collect::<BTreeSet<u128>>();
    eventually("all events arrive", || arrived().len() >= 1_800);
    assert_eq!(arrived().into_iter().collect::<Vec<_>>(), all(1..1_801));
}

#[test]
fn an_outage_with_a_large_spool_costs_no_memory() {
    const EVENTS: u128 = 20_000;
    let receiver = Receiver::start();
    let proxy = Proxy::before(receiver.address());
    proxy.set(Fault::Refuse);
    let place = place(proxy.address(), "");
    let exporter = place.run();
    let mut ring = place.ring(8 << 20);
    for id in 1..=EVENTS {
        eventually("there is room in the ring", || ring.capacity() - ring.used() > 2 * ring.max_record());
        write(&mut ring, id..id + 1);
    }
    says(&exporter, "retrying", "connect");
    proxy.set(Fault::None);
    eventually("all events arrive", || receiver.taken().len() as u128 >= EVENTS);
    assert_eq!(receiver.taken(), all(1..EVENTS + 1));
    let peak = exporter.peak_resident_mb();
    assert!(peak <= 64, "{peak} MB");
}

#[test]
fn a_position_that_cannot_be_saved_holds_nothing_up_and_has_nothing_sent_twice() {
    let receiver = Receiver::start();
    let place = place(receiver.address(), "");
    let exporter = place.run();
    let mut ring = written(&place, 1..101);
    arrives(&receiver, 1..101);
    let backlog = "offpath_sink_backlog_events{sink=\"web\"}";
    eventually("it is saved", || exporter.count(backlog) == 0);
    // What a new cursor is written to.
    let taken = place.data().join("spool/cursors/web.new");
    fs::create_dir(&taken).expect("made");
    for round in 1..6 {
        write(&mut ring, round * 100 + 1..round * 100 + 101);
        arrives(&receiver, 1..round * 100 + 101);
    }
    let errors = "offpath_sink_errors_total{sink=\"web\",kind=\"io\"}";
    eventually("it is tried again", || exporter.count(errors) > 3);
    assert_eq!(exporter.log().matches("cannot save how far this sink is").count(), 1, "it is said once");
    assert_eq!(exporter.count(backlog), 500, "the spool keeps it");
    fs::remove_dir(&taken).expect("removed");
    eventually("it is saved in the end", || exporter.count(backlog) == 0);
    exporter.kill();
    let _exporter = place.run();
    write(&mut ring, 601..701);
    arrives(&receiver, 1..701);
}
