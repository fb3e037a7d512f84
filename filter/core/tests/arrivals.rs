//! When chunks of a response arrived, as the event says it.
#![allow(missing_docs, reason = "a test")]

use offpath_core::{
    Exchange, RequestHead,
    event::{MOST_ARRIVALS, Outcome},
};
use proptest::prelude::*;
use serde_json::{Value, json};

mod framework;

use framework::{begin, capture, end, finish, get};

/// What is held beyond a limit.
const MARGIN: usize = 1024;

fn limited(head: usize) -> Value {
    json!({"capture": {"response_body": {"head": head, "tail": 0}}})
}

fn arrived(exchange: Exchange) -> Vec<(u64, u64)> {
    finish(exchange, &end(Outcome::Completed)).1.response.expect("a response").arrived().collect()
}

#[test]
fn chunks_after_the_first_say_where_they_begin_and_when_they_came() {
    let mut exchange = begin(&json!({}), &get("/"));
    exchange.response_body(3_000, vec![b'a'; 40], 0, vec![]);
    exchange.response_body(4_000, vec![], 0, vec![]);
    exchange.response_body(5_000, vec![b'b'; 200], 0, vec![]);
    exchange.response_body(9_000_000, vec![b'c'; 9], 0, vec![]);
    assert_eq!(arrived(exchange), [(40, 5_000), (240, 9_000_000)]);
}

#[test]
fn a_body_of_one_chunk_says_nothing_and_nor_do_messages_of_a_websocket() {
    let mut exchange = begin(&json!({}), &get("/"));
    exchange.response_body(3_000, b"all".to_vec(), 0, vec![]);
    assert_eq!(arrived(exchange), []);
    let config = json!({"capture": {"websocket": {"head": 100, "tail": 0}}});
    let mut exchange = begin(&config, &RequestHead { scheme: b"ws", ..get("/ws") });
    exchange.response_body(3_000, b"one".to_vec(), 0, vec![]);
    assert!(!exchange.wants_arrival());
    exchange.response_body(4_000, b"two".to_vec(), 0, vec![]);
    assert_eq!(arrived(exchange), []);
}

#[test]
fn the_last_chunk_that_is_noted_is_the_first_that_begins_beyond_the_head() {
    let mut exchange = begin(&limited(100), &get("/"));
    for chunk in 0..6 {
        let wanted = exchange.wants_arrival();
        assert_eq!(wanted, chunk < 4, "{chunk}");
        exchange.response_body(chunk * 10, vec![b'a'; 500], 0, vec![]);
    }
    assert_eq!(arrived(exchange), [(500, 10), (1000, 20), (1500, 30)]);
}

#[test]
fn where_nothing_of_the_beginning_is_kept_nothing_is_said() {
    let mut exchange = begin(&limited(0), &get("/"));
    for chunk in 0..3 {
        exchange.response_body(chunk, vec![], 10, vec![]);
    }
    assert_eq!(arrived(exchange), []);
    let mut exchange = begin(&json!({"capture": {"max_memory": 0}}), &get("/"));
    for chunk in 0..3 {
        exchange.response_body(chunk, vec![b'a'; 10], 0, vec![]);
    }
    assert_eq!(arrived(exchange), []);
}

#[test]
fn an_event_that_is_too_long_for_its_bodies_does_not_say_when_they_came() {
    let mut exchange = begin(&json!({}), &get("/"));
    for chunk in 0..3 {
        exchange.response_body(chunk, vec![b'a'; 1000], 0, vec![]);
    }
    let offpath_core::Finished::Event(bytes) = exchange.finish(&end(Outcome::Completed), 1000) else {
        panic!("no event")
    };
    let event = offpath_core::event::Event::from_bytes(&bytes).expect("an event");
    let Some(offpath_core::event::Kind::Exchange(exchange)) = event.kind else { panic!("no exchange") };
    assert!(exchange.response.expect("a response").arrivals.is_empty());
}

#[test]
fn so_many_chunks_are_noted_and_no_more_and_they_take_their_part_of_the_memory() {
    let mut exchange = begin(&json!({}), &get("/"));
    let before = exchange.described_bytes();
    for chunk in 0..200 {
        exchange.response_body(chunk * 20_000_000, vec![b'a'; 40], 0, vec![]);
    }
    let taken = exchange.described_bytes() - before;
    assert!((MOST_ARRIVALS * 5..=1024).contains(&taken), "{taken}");
    let arrived = arrived(exchange);
    assert_eq!((arrived.len(), arrived.last()), (MOST_ARRIVALS, Some(&(128 * 40, 128 * 20_000_000))));
}

#[test]
fn what_is_noted_leaves_less_memory_for_bodies() {
    let capture = capture(&json!({"capture": {"max_memory": 2500}}));
    let mut streamed = capture.begin(framework::START, &get("/"), std::iter::empty()).expect("an exchange");
    let mut other = capture.begin(framework::START, &get("/"), std::iter::empty()).expect("an exchange");
    for chunk in 0..MOST_ARRIVALS as u64 {
        streamed.response_body(chunk << 40, b"x".to_vec(), 0, vec![]);
    }
    other.request_body(vec![1; 1000], 0, vec![]);
    let kept = |message: Option<offpath_core::event::Message>| framework::body(message).kept();
    assert_eq!(kept(finish(other, &end(Outcome::Completed)).1.request), 0);
    assert_eq!(kept(finish(streamed, &end(Outcome::Completed)).1.response), MOST_ARRIVALS as u64);
}

#[test]
fn a_clock_that_goes_back_makes_no_time_less_than_the_one_before() {
    let mut exchange = begin(&json!({}), &get("/"));
    for time in [100, 300, 200, 250, 400] {
        exchange.response_body(time, b"x".to_vec(), 0, vec![]);
    }
    assert_eq!(arrived(exchange), [(1, 300), (2, 300), (3, 300), (4, 400)]);
}

proptest! {
    #[test]
    fn whoever_hands_over_only_what_is_wanted_notes_the_same(
        sizes in proptest::collection::vec(0_usize..400, 0..40), head in 0_usize..2000, step in 1_u64..u64::MAX / 40,
    ) {
        let (mut all, mut wanted) = (begin(&limited(head), &get("/")), begin(&limited(head), &get("/")));
        let room = if head == 0 { 0 } else { head + MARGIN };
        let (mut passed, mut expected) = (0, Vec::new());
        for (number, size) in sizes.iter().enumerate() {
            let ns = number as u64 * step;
            all.response_body(ns, vec![b'x'; *size], 0, vec![]);
            let first = room.saturating_sub(passed).min(*size);
            // A host asks the clock only where it is wanted to.
            let asked = if wanted.wants_arrival() { ns } else { 0 };
            wanted.response_body(asked, vec![b'x'; first], (size - first) as u64, vec![]);
            let before = expected.last().map_or(0, |(offset, _)| *offset);
            if passed > 0 && *size > 0 && before < room as u64 {
                expected.push((passed as u64, ns));
            }
            passed += size;
        }
        prop_assert_eq!(&arrived(all), &expected);
        prop_assert_eq!(arrived(wanted), expected);
    }
}
