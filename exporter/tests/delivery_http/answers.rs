use std::{net::TcpListener, time::Duration};

use super::{arrives, letters, others_get, place, says, written};
use crate::framework::{
    Place,
    events::write,
    eventually,
    proxy::{Fault, Proxy},
    receiver::{Receiver, Reply},
};

/// A backend that answers so has this told of it, gets all once it is well, and holds up no other sink.
fn is_waited_for(reply: Reply, kind: &str) {
    let receiver = Receiver::start();
    receiver.always(reply);
    let place = place(receiver.address(), "");
    let exporter = place.run();
    let _ring = written(&place, 1..51);
    says(&exporter, "retrying", kind);
    others_get(&place, 1..51);
    receiver.always(Reply::Taken);
    arrives(&receiver, 1..51);
    eventually("it is well again", || exporter.get("/readyz").0 == 200);
    assert!(exporter.log().contains("delivers again"));
    assert!(letters(&place).is_empty());
}

/// A backend that answers so is blocked until somebody puts it right and starts anew.
fn is_held_for(reply: Reply, kind: &str) {
    let receiver = Receiver::start();
    receiver.always(reply);
    let place = place(receiver.address(), "");
    let exporter = place.run();
    let _ring = written(&place, 1..51);
    says(&exporter, "blocked", kind);
    assert_eq!(receiver.requests(), 1, "it is left alone");
    others_get(&place, 1..51);
    assert_eq!(exporter.log().matches("cannot deliver").count(), 1);
    assert!(exporter.stop().success());
    receiver.always(Reply::Taken);
    let _exporter = place.run();
    arrives(&receiver, 1..51);
    assert!(letters(&place).is_empty());
}

/// A network that fails so has this told of it, and all arrives once it is well.
fn network_is_waited_for(fault: Fault, kind: &str) {
    let receiver = Receiver::start();
    let proxy = Proxy::before(receiver.address());
    proxy.set(fault);
    let place = place(proxy.address(), "");
    let exporter = place.run();
    let _ring = written(&place, 1..51);
    says(&exporter, "retrying", kind);
    others_get(&place, 1..51);
    proxy.set(Fault::None);
    eventually("all events arrive", || {
        let mut taken = receiver.taken();
        taken.dedup();
        taken == super::all(1..51)
    });
    if !matches!(fault, Fault::CutAnswer(_) | Fault::Hang) {
        arrives(&receiver, 1..51);
    }
}

#[test]
fn a_backend_that_fails_is_waited_for() {
    is_waited_for(Reply::status(500), "server");
}

#[test]
fn a_backend_that_is_overloaded_is_waited_for() {
    is_waited_for(Reply::status(503), "server");
}

#[test]
fn a_backend_that_wants_less_is_waited_for() {
    is_waited_for(Reply::status(429), "throttled");
}

#[test]
fn a_backend_that_never_answers_is_waited_for() {
    is_waited_for(Reply::Silence, "timeout");
}

#[test]
fn an_answer_that_is_no_http_is_waited_out() {
    is_waited_for(Reply::Raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "garbage");
}

#[test]
fn half_an_answer_is_waited_out() {
    is_waited_for(Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"), "garbage");
}

#[test]
fn a_connection_that_ends_without_an_answer_is_waited_out() {
    is_waited_for(Reply::Raw(b""), "reset");
}

#[test]
fn wrong_keys_hold_everything_and_cost_nothing() {
    is_held_for(Reply::status(401), "auth");
}

#[test]
fn a_wrong_address_holds_everything_and_costs_nothing() {
    is_held_for(Reply::status(404), "address");
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::start();
    let headers = format!("location: http://{}/v1/traces\r\n", elsewhere.address());
    is_held_for(Reply::Status(307, headers, String::new()), "redirect");
    assert_eq!(elsewhere.requests(), 0);
}

#[test]
fn a_backend_where_nobody_listens_is_waited_for() {
    network_is_waited_for(Fault::Refuse, "connect");
}

#[test]
fn a_network_that_hangs_is_waited_for() {
    network_is_waited_for(Fault::Hang, "timeout");
}

#[test]
fn a_network_that_cuts_requests_is_waited_for() {
    network_is_waited_for(Fault::CutRequest(300), "reset");
}

#[test]
fn a_network_that_cuts_answers_is_waited_for() {
    network_is_waited_for(Fault::CutAnswer(60), "reset");
}

#[test]
fn a_name_that_does_not_resolve_is_told() {
    let place = Place::with(&super::sinks_without_an_address(""));
    let exporter = place.run();
    let _ring = written(&place, 1..2);
    says(&exporter, "retrying", "dns");
}

#[test]
fn a_slow_network_only_takes_longer() {
    let receiver = Receiver::start();
    let proxy = Proxy::before(receiver.address());
    proxy.set(Fault::Slow(Duration::from_millis(50)));
    let place = place(proxy.address(), "");
    let _exporter = place.run();
    let _ring = written(&place, 1..101);
    arrives(&receiver, 1..101);
}

#[test]
fn a_backend_that_says_when_is_left_alone_until_then() {
    let receiver = Receiver::start();
    receiver.always(Reply::Status(429, "retry-after: 3600\r\n".to_owned(), String::new()));
    let place = place(receiver.address(), "");
    let exporter = place.run();
    let mut ring = written(&place, 1..2);
    says(&exporter, "retrying", "throttled");
    write(&mut ring, 2..102);
    others_get(&place, 1..102);
    assert_eq!(receiver.requests(), 1);
}

#[test]
fn while_the_backend_is_away_one_request_at_a_time_asks_for_it() {
    let receiver = Receiver::start();
    let place = place(receiver.address(), "");
    let exporter = place.run();
    let mut ring = written(&place, 1..1_001);
    arrives(&receiver, 1..1_001);
    receiver.always(Reply::status(503));
    write(&mut ring, 1_001..2_001);
    says(&exporter, "retrying", "server");
    receiver.take_most_in_flight();
    let requests = receiver.requests();
    eventually("it is asked some times", || receiver.requests() > requests + 4);
    assert_eq!(receiver.take_most_in_flight(), 1);
    receiver.always(Reply::Taken);
    arrives(&receiver, 1..2_001);
}

#[test]
fn an_event_over_which_the_backend_always_fails_does_not_hold_up_what_comes_after_it() {
    let receiver = Receiver::start();
    receiver.answers(|ids| if ids.contains(&1) { Reply::status(500) } else { Reply::Taken });
    let place = place(receiver.address(), "");
    let exporter = place.run();
    let mut ring = written(&place, 1..2);
    says(&exporter, "retrying", "server");
    write(&mut ring, 2..3_001);
    eventually("those far behind it arrive", || receiver.taken().len() > 1_000);
    receiver.always(Reply::Taken);
    arrives(&receiver, 1..3_001);
}

#[test]
fn a_change_of_the_configuration_has_what_is_blocked_tried_at_once() {
    let receiver = Receiver::start();
    receiver.always(Reply::status(401));
    let place = place(receiver.address(), "");
    let exporter = place.run();
    let _ring = written(&place, 1..51);
    says(&exporter, "blocked", "auth");
    receiver.always(Reply::Taken);
    place.configure("spool = { sync = \"100ms\" }", &super::sinks(receiver.address(), ""));
    arrives(&receiver, 1..51);
}

#[test]
fn keys_that_the_backend_repeats_are_shown_nowhere() {
    let receiver = Receiver::start();
    let said = "no such key: Bearer sk-12345".to_owned();
    receiver.always(Reply::Status(401, String::new(), said));
    let place = place(receiver.address(), "headers = { authorization = \"Bearer sk-12345\" }");
    let exporter = place.run();
    let _ring = written(&place, 1..2);
    says(&exporter, "blocked", "auth");
    assert!(receiver.heads()[0].contains("authorization: bearer sk-12345"));
    let shown = [exporter.get("/readyz").1, exporter.get("/metrics").1, exporter.log()].concat();
    assert!(shown.contains("no such key") && !shown.contains("sk-12345"), "{shown}");
}

#[test]
fn a_stop_delivers_what_is_there_and_does_not_wait_for_who_is_away() {
    let receiver = Receiver::start();
    let gone = TcpListener::bind("127.0.0.1:0").expect("bound").local_addr().expect("an address");
    let more = format!("[sinks.gone]\ntype = \"otlp\"\nendpoint = \"http://{gone}/v1/traces\"");
    let place = place(receiver.address(), &more);
    let exporter = place.run();
    let _ring = written(&place, 1..1_001);
    others_get(&place, 1..1_001);
    assert!(exporter.stop().success());
    assert_eq!(receiver.taken(), super::all(1..1_001));
}
