use std::fs;

use super::{STORE, ask};
use crate::framework::{
    Place,
    events::{EVENT, exchange},
    eventually,
};

fn detail(place: &Place, path: &str) -> (u16, String) {
    let (status, answer) = ask(&place.run(), path);
    (status, answer["detail"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn without_a_local_store_it_says_how_there_would_be_one() {
    let (status, detail) = detail(&Place::with("[sinks.out]\ntype = \"stdout\"\n"), "events");
    assert_eq!(status, 503);
    assert!(detail.contains("add a sink with `type = \"sqlite\"`"), "{detail}");
}

#[test]
fn a_store_that_is_none_of_ours_is_not_read() {
    let place = Place::with(STORE);
    fs::create_dir_all(place.data()).expect("made");
    let theirs = rusqlite::Connection::open(place.data().join("offpath.db")).expect("opened");
    theirs
        .execute_batch("CREATE TABLE events (json); INSERT INTO events VALUES ('secret')")
        .expect("written");
    let (status, detail) = detail(&place, "events");
    assert_eq!(status, 503);
    assert!(detail.contains("no store of this version"), "{detail}");
}

#[test]
fn what_the_store_does_not_have_is_not_found() {
    for path in ["events/7", "traces/7", "sessions/none"] {
        let place = Place::with(STORE);
        let exporter = place.run();
        eventually("there is a store", || {
            place.data().join("offpath.db").exists() && ask(&exporter, "events").0 == 200
        });
        let (status, answer) = ask(&exporter, path);
        assert_eq!((status, &answer["title"]), (404, &"Not Found".into()), "{path}");
    }
}

#[test]
fn a_store_that_was_replaced_is_read_anew() {
    let place = Place::with(STORE);
    let mut ring = place.ring(1 << 20);
    let exporter = place.run();
    ring.write(EVENT, &exchange(1).to_bytes()).expect("room");
    eventually("the first is listed", || super::ids(&ask(&exporter, "events").1) == [1]);
    assert!(exporter.stop().success());
    let exporter = place.run();
    eventually("it is listed", || super::ids(&ask(&exporter, "events").1) == [1]);
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(place.data().join(format!("offpath.db{suffix}")));
    }
    eventually("the old file is not read any more", || ask(&exporter, "events").0 == 503);
}
