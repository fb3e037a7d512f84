//! What a stranger may send, and what it may cost.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
};

use http_body_util::Full;
use hyper::{Method, Request};
use offpath_core::batch::{CONTENT_TYPE, Envelope, MAX_BYTES, PATH};
use proptest::{prelude::*, test_runner::TestRunner};

use super::begin;
use crate::framework::{
    Place, Running,
    envoy::{EPOCH, Protocol, batch, batch_of, post, send},
    eventually,
};

fn running() -> (Place, Running) {
    let place = Place::with("");
    let exporter = place.run();
    place.connect();
    (place, exporter)
}

#[test]
fn what_is_no_batch_is_refused_with_the_reason() {
    let (place, exporter) = running();
    let envelope = Envelope { epoch: EPOCH, lane: 0, first_sequence: 1 };
    let with = |envelope: Envelope| batch_of([vec![1]], &envelope, &[]);
    for protocol in [Protocol::Http1, Protocol::Http2] {
        for (body, status, why) in [
            (vec![0xFF; 100], 400, "no Batch"),
            (with(Envelope { epoch: 0, ..envelope }), 400, "epoch"),
            (with(Envelope { lane: 16, ..envelope }), 400, "lane"),
            (with(Envelope { first_sequence: 0, ..envelope }), 400, "first_sequence"),
            (vec![0; MAX_BYTES + 1], 413, "at most"),
        ] {
            let answer = post(&place.socket(), protocol, body).expect("an answer");
            assert_eq!(answer.status, status, "{}", answer.text);
            assert!(answer.text.contains(why), "{}", answer.text);
        }
        for (method, path, content_type, status) in [
            (Method::GET, PATH, CONTENT_TYPE, 405),
            (Method::PUT, PATH, CONTENT_TYPE, 405),
            (Method::POST, "/", CONTENT_TYPE, 404),
            (Method::POST, PATH, "application/json", 415),
        ] {
            let request = Request::builder().method(method).uri(format!("http://x{path}"));
            let request =
                request.header("content-type", content_type).body(Full::default()).expect("a request");
            assert_eq!(send(&place.socket(), protocol, request).expect("an answer").status, status);
        }
    }
    assert_eq!(exporter.count("offpath_batches_total{result=\"refused\"}"), 18);
    assert_eq!(place.post(batch(0, 1..2)), 204);
}

#[test]
fn any_body_is_answered_and_costs_nobody_else() {
    let (place, exporter) = running();
    // Some that nearly are batches, and some that are not at all.
    let events = proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..6);
    let losses = proptest::collection::vec((".{0,40}", any::<u64>()), 0..4);
    let nearly = (events, losses, any::<(u128, u8, u64)>(), any::<(prop::sample::Index, u8)>()).prop_map(
        |(events, losses, (epoch, lane, first_sequence), (at, byte))| {
            let losses: Vec<(&str, u64)> = losses.iter().map(|(reason, n)| (reason.as_str(), *n)).collect();
            let envelope = Envelope { epoch, lane: u32::from(lane), first_sequence };
            let mut bytes = batch_of(events, &envelope, &losses);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        },
    );
    let strategy = prop_oneof![nearly, proptest::collection::vec(any::<u8>(), 0..2_000)];
    let answered = |body| {
        let answer = post(&place.socket(), Protocol::Http1, body).expect("an answer");
        prop_assert!([204, 400].contains(&answer.status), "{answer:?}");
        Ok(())
    };
    TestRunner::default().run(&strategy, answered).expect("holds");
    assert_eq!(place.post(batch(0, 1..2)), 204);
    assert!(exporter.stop().success());
}

#[test]
fn any_bytes_on_the_socket_are_survived() {
    let (place, exporter) = running();
    let heads = vec!["", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "POST /v1/events HTTP/1.1\r\n", "PRI"];
    let strategy = (prop::sample::select(heads), proptest::collection::vec(any::<u8>(), 0..500));
    let survived = |(head, bytes): (&str, Vec<u8>)| {
        let mut stream = UnixStream::connect(place.socket()).expect("connected");
        // It may have hung up already.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&bytes));
        Ok(())
    };
    TestRunner::default().run(&strategy, survived).expect("holds");
    assert_eq!(place.post(batch(0, 1..2)), 204);
    assert!(exporter.stop().success());
    assert!(!place.rings().join("ingest.sock").exists());
}

#[test]
fn clients_that_never_finish_block_nobody() {
    let (place, exporter) = running();
    let body = batch(0, 1..11);
    let slow: Vec<UnixStream> = (0..200)
        .map(|number| {
            let mut stream = place.connect();
            match number % 3 {
                0 => stream.write_all(b"PRI").expect("sent"),
                1 => stream.write_all(b"POST /v1").expect("sent"),
                _ => begin(&mut stream, &body, &body[..10]),
            }
            stream
        })
        .collect();
    assert_eq!(place.post(batch(0, 1..11)), 204);
    drop(slow);
    assert!(exporter.stop().success());
}

#[test]
fn bodies_that_never_end_are_given_up() {
    let (place, exporter) = running();
    let body = batch(0, 1..11);
    let mut stream = place.connect();
    begin(&mut stream, &body, &body[..10]);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer, then the end");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(exporter.count("offpath_batches_total{result=\"too_slow\"}"), 1);
}

#[test]
fn bodies_have_a_bound_together_and_memory_stays_below_64_mb() {
    let (place, exporter) = running();
    // Dense in what decoding makes large.
    let dense = [0x0A, 0x00].repeat(MAX_BYTES / 2);
    for _ in 0..4 {
        assert_eq!(post(&place.socket(), Protocol::Http2, dense.clone()).expect("an answer").status, 400);
    }
    // All but their last byte, so that none ever is a batch.
    let endless: Vec<UnixStream> = (0..40)
        .map(|_| {
            let mut stream = place.connect();
            begin(&mut stream, &dense, b"");
            stream.write_all(&dense[..MAX_BYTES - 1]).expect("sent");
            stream
        })
        .collect();
    let no_room = "offpath_batches_total{result=\"no_room\"}";
    eventually("some are refused", || exporter.count(no_room) > 0);
    let peak = exporter.peak_resident_mb();
    assert!(peak <= 64, "{peak} MB");
    drop(endless);
    eventually("there is room again", || place.post(batch(0, 1..11)) == 204);
}
