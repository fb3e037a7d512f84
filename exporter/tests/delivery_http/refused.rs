use super::{arrives, letters, none_of, others_get, place, says, written};
use crate::framework::{
    events::write,
    eventually,
    receiver::{Receiver, Reply},
};

/// Refuses requests with a bad event in them, with this status.
fn refuses(receiver: &Receiver, status: u16, is_bad: impl Fn(&u128) -> bool + Send + 'static) {
    receiver.answers(move |ids| {
        if ids.iter().any(&is_bad) {
            return Reply::Status(status, String::new(), "bad span".to_owned());
        }
        Reply::Taken
    });
}

#[test]
fn bad_events_are_set_aside_and_the_others_arrive() {
    let receiver = Receiver::start();
    refuses(&receiver, 400, |id| [7, 8, 93].contains(id));
    let place = place(receiver.address(), "");
    let exporter = place.run();
    let _ring = written(&place, 1..101);
    others_get(&place, 1..101);
    eventually("the others arrive", || receiver.taken().len() == 97);
    eventually("the bad ones are dead letters", || letters(&place) == [7, 8, 93]);
    let dropped = "offpath_sink_dropped_total{sink=\"web\",reason=\"refused\"}";
    eventually("they are counted", || exporter.count(dropped) == 3);
    assert_eq!(exporter.get("/readyz").0, 200);
    assert!(exporter.log().contains("bad span"));
}

#[test]
fn an_event_that_is_too_large_is_set_aside_and_the_others_arrive() {
    let receiver = Receiver::start();
    receiver.answers(|ids| if ids.len() > 3 || ids.contains(&5) { Reply::status(413) } else { Reply::Taken });
    let place = place(receiver.address(), "");
    let exporter = place.run();
    let _ring = written(&place, 1..51);
    eventually("the others arrive", || receiver.taken().len() == 49);
    eventually("it is a dead letter", || letters(&place) == [5]);
    let dropped = "offpath_sink_dropped_total{sink=\"web\",reason=\"too_large\"}";
    eventually("it is counted", || exporter.count(dropped) == 1);
}

#[test]
fn a_backend_that_refuses_everything_gets_no_spool_emptied_into_dead_letters() {
    let receiver = Receiver::start();
    receiver.always(Reply::status(400));
    let place = place(receiver.address(), "");
    let exporter = place.run();
    let _ring = written(&place, 1..1_001);
    says(&exporter, "blocked", "refused_all");
    let aside = letters(&place);
    assert!(aside.len() <= 16, "{aside:?}");
    assert!(exporter.stop().success());
    receiver.always(Reply::Taken);
    let _exporter = place.run();
    eventually("all others arrive", || receiver.taken().len() == 1_000 - aside.len());
    assert_eq!(letters(&place), aside);
}

#[test]
fn a_stop_and_a_start_in_the_middle_of_it_set_nothing_aside_that_is_good() {
    let receiver = Receiver::start();
    refuses(&receiver, 400, |id| id % 50 == 0);
    let place = place(receiver.address(), "");
    let mut ring = place.ring(8 << 20);
    for round in 0..5 {
        let exporter = place.run();
        write(&mut ring, round * 200 + 1..round * 200 + 201);
        eventually("some arrive", || receiver.taken().len() as u128 > round * 196);
        assert!(exporter.stop().success());
    }
    let _exporter = place.run();
    eventually("all good ones arrive", || receiver.taken().len() == 980);
    eventually("all bad ones are set aside", || letters(&place).len() == 20);
    assert!(letters(&place).iter().all(|id| id % 50 == 0));
}

#[test]
fn a_stop_delivers_what_a_backend_that_is_back_refuses_together_with_a_bad_one() {
    let receiver = Receiver::start();
    receiver.always(Reply::Status(429, "retry-after: 3600\r\n".to_owned(), String::new()));
    let place = place(receiver.address(), "");
    let exporter = place.run();
    let _ring = written(&place, 1..11);
    says(&exporter, "retrying", "throttled");
    others_get(&place, 1..11);
    // Who is asked for the last time is back, and answers what is asked with that it is bad.
    refuses(&receiver, 400, |id| *id == 3);
    assert!(exporter.stop().success());
    assert_eq!(receiver.taken(), [1, 2, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(letters(&place), [3]);
}

#[test]
fn a_backend_that_is_back_and_takes_a_request_without_its_events_is_back() {
    let receiver = Receiver::start();
    receiver.always(Reply::status(503));
    let place = place(receiver.address(), "");
    let exporter = place.run();
    let mut ring = written(&place, 1..4);
    others_get(&place, 1..4);
    says(&exporter, "retrying", "server");
    receiver.answers(|ids| match ids.contains(&1) {
        true => none_of(ids),
        false => Reply::Taken,
    });
    eventually("they are set aside", || letters(&place) == [1, 2, 3]);
    // One failure of a backend that is there is that request's matter.
    let mut is_first = true;
    receiver.answers(move |_| if std::mem::take(&mut is_first) { Reply::status(500) } else { Reply::Taken });
    write(&mut ring, 4..14);
    arrives(&receiver, 4..14);
    assert_eq!(exporter.log().matches("cannot deliver").count(), 1, "{}", exporter.log());
}

#[test]
fn of_events_that_were_not_taken_and_not_named_none_is_sent_again() {
    let receiver = Receiver::start();
    // partial_success { rejected_spans: 1, error_message: "late" }
    let partly = "\n\x08\x08\x01\x12\x04late".to_owned();
    let headers = "content-type: application/x-protobuf\r\n".to_owned();
    receiver.always(Reply::Status(200, headers, partly));
    let place = place(receiver.address(), "");
    let exporter = place.run();
    let _ring = written(&place, 1..11);
    let dropped = "offpath_sink_dropped_total{sink=\"web\",reason=\"rejected\"}";
    eventually("it is counted", || exporter.count(dropped) > 0);
    eventually("all are done", || exporter.count("offpath_sink_backlog_events{sink=\"web\"}") == 0);
    assert_eq!(exporter.count(dropped), receiver.requests() as u64);
    assert_eq!(letters(&place).len(), 10, "each may be the one");
    receiver.always(Reply::Taken);
    let _ring = written(&place, 11..12);
    arrives(&receiver, 11..12);
}
