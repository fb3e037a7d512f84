use offpath_core::event::{Body, Event, Kind};

use crate::framework::{
    Place,
    events::{EVENT, exchange, write},
    eventually,
    receiver::{Receiver, Reply},
};

/// An exchange whose request holds so many bytes.
fn large(id: u128, bytes: usize) -> Event {
    let mut event = exchange(id);
    if let Some(Kind::Exchange(exchange)) = &mut event.kind
        && let Some(request) = &mut exchange.request
    {
        // Unlike each other, so that compression takes little of it away.
        let mut number = u64::try_from(id).expect("small");
        let head = std::iter::repeat_with(|| {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            b'a' + u8::try_from(number >> 60).expect("four bits")
        });
        request.body = Some(Body { size: bytes as u64, head: head.take(bytes).collect(), ..Body::default() });
    }
    event
}

#[test]
fn so_many_sinks_that_each_has_less_than_a_batch_of_the_memory_deliver() {
    const SINKS: usize = 280;
    let receiver = Receiver::start();
    // Small enough that it waits for others, which do not come.
    let sink = |number| {
        let address = receiver.address();
        format!(
            "[sinks.s{number}]\ntype = \"otlp\"\nendpoint = \"http://{address}/v1/traces\"\nbatch.max_age = \"10ms\"\n"
        )
    };
    let place = Place::with(&(0..SINKS).map(sink).collect::<String>());
    let _exporter = place.run();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..11);
    eventually("each gets all", || receiver.taken().len() >= 10 * SINKS);
}

#[test]
fn many_sinks_with_bodies_and_a_backlog_share_the_memory() {
    const SINKS: usize = 8;
    const EVENTS: u128 = 1_200;
    let receiver = Receiver::start();
    receiver.always(Reply::status(503));
    let sink = |number| {
        format!(
            "[sinks.s{number}]\ntype = \"mlflow\"\nendpoint = \"http://{}\"\nexperiment_id = \"{number}\"\n",
            receiver.address()
        )
    };
    let place = Place::with(&(0..SINKS).map(sink).collect::<String>());
    let exporter = place.run();
    // Small: what of it is mapped counts as resident, and is the app's.
    let mut ring = place.ring(1 << 20);
    for id in 1..=EVENTS {
        eventually("there is room in the ring", || ring.capacity() - ring.used() > 2 * ring.max_record());
        let bytes = if id.is_multiple_of(10) { 100 << 10 } else { 2 << 10 };
        ring.write(EVENT, &large(id, bytes).to_bytes()).expect("room in the ring");
    }
    let backlog = |number| exporter.count(&format!("offpath_sink_backlog_events{{sink=\"s{number}\"}}"));
    eventually("all is in the spool", || backlog(0) as u128 == EVENTS);
    // Late, so that many requests are in flight.
    receiver.answers(|_| {
        std::thread::sleep(std::time::Duration::from_millis(5));
        Reply::Taken
    });
    eventually("all is delivered", || (0..SINKS).all(|number| backlog(number) == 0));
    assert_eq!(receiver.taken().len() as u128, EVENTS * SINKS as u128);
    // A debug build's code alone is 26 MB of it; each sink for itself would take it beyond 115.
    let most = if cfg!(debug_assertions) { 100 } else { 64 };
    let peak = exporter.peak_resident_mb();
    assert!(peak <= most, "{peak} MB");
}
