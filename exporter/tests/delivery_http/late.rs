use std::{thread, time::Duration};

use offpath_ring::Producer;

use super::{all, arrives, letters, none_of, says, sinks, written};
use crate::framework::{
    Place, Running,
    events::write,
    eventually,
    receiver::{Gate, Receiver, Reply},
};

const IN_FLIGHT: &str = "offpath_sink_in_flight{sink=\"web\"}";

/// A backend that asked to be left alone for an hour while one request was in flight.
struct LeftAlone {
    receiver: Receiver,
    place: Place,
    exporter: Running,
    /// What that request waits at.
    gate: Gate,
    _ring: Producer,
}

impl LeftAlone {
    /// Of 3,100 events 3,000 are taken. The request gets this in the end, by the ids of its events.
    fn new(answer: impl Fn(&[u128]) -> Reply + Send + 'static) -> Self {
        let receiver = Receiver::start();
        // Slow enough that several are in flight in the end.
        receiver.answers(|_| {
            thread::sleep(Duration::from_millis(1));
            Reply::Taken
        });
        let place = Place::with(&sinks(receiver.address(), "").replace("\"2s\"", "\"1m\""));
        let exporter = place.run();
        let mut ring = written(&place, 1..3_001);
        arrives(&receiver, 1..3_001);
        let gate = Gate::default();
        let (late, mut is_first) = (gate.clone(), true);
        receiver.answers(move |ids| match std::mem::take(&mut is_first) {
            true => Reply::Late(late.clone(), Box::new(answer(ids))),
            false => Reply::Status(429, "retry-after: 3600\r\n".to_owned(), String::new()),
        });
        write(&mut ring, 3_001..3_101);
        says(&exporter, "retrying", "throttled");
        eventually("the others are answered", || exporter.count(IN_FLIGHT) == 1);
        Self { receiver, place, exporter, gate, _ring: ring }
    }

    /// Waits until that request is answered.
    fn is_answered(&self) {
        self.gate.open();
        eventually("it is answered", || self.exporter.count(IN_FLIGHT) == 0);
    }

    /// The age of the oldest event, in seconds.
    fn lag(&self) -> f64 {
        self.exporter.metric("offpath_sink_lag_seconds{sink=\"web\"}")
    }

    /// All is taken by a backend that is back when the exporter ends, which asks it once more before.
    fn arrives_in_the_end(self) {
        self.receiver.always(Reply::Taken);
        assert!(self.exporter.stop().success());
        assert_eq!(self.receiver.taken(), all(1..3_101));
    }
}

#[test]
fn an_answer_that_none_was_taken_says_nothing_of_a_backend_that_asked_to_be_left_alone() {
    let it = LeftAlone::new(none_of);
    it.is_answered();
    let (told, log) = (it.exporter.get("/readyz").1, it.exporter.log());
    assert!(told.contains("sink web: retrying: "), "{told}");
    assert_eq!(log.matches("cannot deliver").count(), 1, "{log}");
    assert!(letters(&it.place).is_empty(), "they come again, with the others");
    it.arrives_in_the_end();
}

#[test]
fn the_lag_is_that_of_what_is_left_though_the_last_request_in_flight_is_taken() {
    let it = LeftAlone::new(|_| Reply::Taken);
    let before = it.lag();
    it.is_answered();
    let after = it.lag();
    assert!(before > 0.0 && after >= before, "{before} s, and then {after} s");
    it.arrives_in_the_end();
}
