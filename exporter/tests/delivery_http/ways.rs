use offpath_core::event::{Event, Kind, Loss, Score};

use super::{all, arrives, letters, place, says, written};
use crate::framework::{
    Place,
    events::{EVENT, exchange},
    eventually,
    receiver::{Receiver, Reply},
};

#[test]
fn what_is_to_be_sent_again_is_sent_between_what_is_new() {
    let receiver = Receiver::start();
    let place = place(receiver.address(), "");
    let exporter = place.run();
    let _ring = written(&place, 1..11);
    let mut packer = offpath_exporter::resend::Packer::new(&place.data(), "web");
    for id in 11..21 {
        packer.add(&exchange(id).to_bytes()).expect("packed");
    }
    packer.finish().expect("handed over");
    arrives(&receiver, 1..21);
    let parcels = || std::fs::read_dir(place.data().join("resend/web")).expect("a directory").count();
    eventually("the parcel is gone", || parcels() == 0);
    assert!(exporter.stop().success());
    let _exporter = place.run();
    assert_eq!(receiver.taken(), all(1..21));
}

#[test]
fn an_event_that_cannot_be_set_aside_is_held_until_it_can() {
    let receiver = Receiver::start();
    receiver.answers(|ids| if ids.contains(&3) { Reply::status(400) } else { Reply::Taken });
    let place = place(receiver.address(), "");
    let exporter = place.run();
    exporter.address();
    // Nothing can be written below a file.
    let blocker = place.data().join("dead-letters");
    std::fs::write(&blocker, "").expect("written");
    let _ring = written(&place, 1..11);
    says(&exporter, "retrying", "dead_letters");
    std::fs::remove_file(&blocker).expect("removed");
    eventually("it is set aside", || letters(&place) == [3]);
    eventually("the others arrive", || receiver.taken().len() == 9);
}

/// Puts events down to be sent again.
fn send_again(place: &Place, ids: std::ops::Range<u128>) {
    let mut packer = offpath_exporter::resend::Packer::new(&place.data(), "web");
    for id in ids {
        packer.add(&exchange(id).to_bytes()).expect("packed");
    }
    packer.finish().expect("handed over");
}

#[test]
fn however_many_of_what_is_sent_again_are_refused_what_is_new_goes_on() {
    let receiver = Receiver::start();
    receiver.answers(|ids| match ids.iter().any(|id| *id >= 100) {
        true => Reply::status(400),
        false => Reply::Taken,
    });
    let place = place(receiver.address(), "");
    let exporter = place.run();
    exporter.address();
    send_again(&place, 100..140);
    eventually("all of it is set aside again", || letters(&place) == all(100..140));
    let _ring = written(&place, 1..11);
    arrives(&receiver, 1..11);
    assert_eq!(exporter.count("offpath_sink_up{sink=\"web\"}"), 1);
}

#[test]
fn of_what_is_sent_again_no_more_comes_a_second_time_than_was_not_taken() {
    let receiver = Receiver::start();
    // All of it is not taken together; of its halves the second is not taken at first.
    let mut is_away = false;
    receiver.answers(move |ids| {
        if ids.len() == 10 {
            return Reply::status(400);
        }
        if ids.contains(&100) {
            return Reply::Taken;
        }
        match std::mem::replace(&mut is_away, true) {
            true => Reply::Taken,
            false => Reply::Status(503, "retry-after: 1\r\n".to_owned(), String::new()),
        }
    });
    let place = place(receiver.address(), "concurrency = 1");
    let exporter = place.run();
    exporter.address();
    send_again(&place, 100..110);
    arrives(&receiver, 100..110);
}

#[test]
fn what_is_sent_again_and_makes_the_backend_fail_does_not_hold_up_what_is_new() {
    let receiver = Receiver::start();
    receiver.answers(|ids| match ids.contains(&100) {
        true => Reply::status(500),
        false => Reply::Taken,
    });
    let place = place(receiver.address(), "");
    let exporter = place.run();
    exporter.address();
    send_again(&place, 100..110);
    says(&exporter, "retrying", "server");
    let _ring = written(&place, 1..11);
    arrives(&receiver, 1..11);
}

#[test]
fn what_a_backend_has_no_place_for_is_counted_but_for_losses() {
    let receiver = Receiver::start();
    let address = receiver.address();
    let place = Place::with(&format!(
        "[sinks.web]\ntype = \"langfuse\"\nbase_url = \"http://{address}\"\npublic_key = \"pk-1234\"\n\
         secret_key = \"sk-1234\"\nbatch = {{ max_age = \"10ms\" }}\n"
    ));
    let exporter = place.run();
    let mut ring = place.ring(1 << 20);
    let of = |id, kind| Event { kind, trace_id_high: 0, trace_id_low: 0, ..exchange(id) };
    // A score of nothing, a kind that this version does not know, and a loss.
    let score = of(2, Some(Kind::Score(Score { name: "liked".to_owned(), ..Score::default() })));
    let loss = of(4, Some(Kind::Loss(Loss { count: 1, ..Loss::default() })));
    for event in [exchange(1), score, of(3, None), loss, exchange(5)] {
        ring.write(EVENT, &event.to_bytes()).expect("room in the ring");
    }
    eventually("the others arrive", || receiver.taken() == [1, 5]);
    eventually("all are done", || exporter.count("offpath_sink_backlog_events{sink=\"web\"}") == 0);
    assert_eq!(exporter.count("offpath_sink_dropped_total{sink=\"web\",reason=\"no_place\"}"), 2);
    eventually("nothing waits", || exporter.metric::<f64>("offpath_sink_lag_seconds{sink=\"web\"}") == 0.0);
}

#[test]
fn each_type_sends_its_keys_and_a_header_of_the_settings_takes_the_place_of_one_of_them() {
    const TYPES: [(&str, &str); 5] = [
        ("langfuse", "base_url = \"URL\"\npublic_key = \"pk-1234\"\nsecret_key = \"sk-1234\""),
        ("phoenix", "endpoint = \"URL\"\napi_key = \"sk-1234\""),
        ("mlflow", "endpoint = \"URL\"\ntoken = \"sk-1234\""),
        ("langsmith", "endpoint = \"URL\"\napi_key = \"sk-1234\"\nproject = \"p\""),
        ("axiom", "endpoint = \"URL\"\ntoken = \"sk-1234\"\ndataset = \"d\""),
    ];
    for (name, settings) in TYPES {
        for more in ["", "headers = { Authorization = \"ours\", x-api-key = \"ours\" }"] {
            let receiver = Receiver::start();
            let settings = settings.replace("URL", &format!("http://{}", receiver.address()));
            let place = Place::with(&format!("[sinks.web]\ntype = \"{name}\"\n{settings}\n{more}\n"));
            let _exporter = place.run();
            let _ring = written(&place, 1..3);
            arrives(&receiver, 1..3);
            let head = &receiver.heads()[0];
            let key = if name == "langsmith" { "\r\nx-api-key: " } else { "\r\nauthorization: " };
            let values: Vec<&str> = head.split(key).skip(1).collect();
            assert_eq!(values.len(), 1, "{name}: {head}");
            assert_eq!(values[0].starts_with("ours\r"), !more.is_empty(), "{name}: {head}");
        }
    }
}

#[test]
fn what_fails_is_told_without_the_path_and_the_query_that_may_hold_a_key() {
    let place = Place::with(
        "[sinks.web]\ntype = \"otlp\"\nendpoint = \"http://127.0.0.1:1/sk-1234/v1/traces?key=sk-1234\"\n\
         batch = { max_age = \"10ms\" }\n[sinks.lines]\ntype = \"jsonl\"\npath = \"${LINES}\"\n",
    );
    let exporter = place.run();
    let _ring = written(&place, 1..3);
    says(&exporter, "retrying", "connect");
    assert!(!exporter.get("/readyz").1.contains("sk-1234"), "{}", exporter.get("/readyz").1);
    assert!(!exporter.log().contains("sk-1234"), "{}", exporter.log());
}
