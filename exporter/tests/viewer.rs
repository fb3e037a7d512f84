//! The page and its API, as the real command serves them.

/// Lists, searches and what is live.
mod events;
/// Who may ask, and what browsers are told.
mod guard;
/// The API's description is what is committed.
mod openapi;
/// What is not there, or cannot be read.
mod store;

use serde_json::Value;

use crate::framework::{Place, Running, eventually};

/// The store alone, of events whose times are fixed.
const STORE: &str = "[sinks.db]\ntype = \"sqlite\"\nmax_age = \"10000d\"\n";

/// What is answered below `/api/v1/`, with its status.
fn ask(exporter: &Running, path: &str) -> (u16, Value) {
    let (status, body) = exporter.get(&format!("/api/v1/{path}"));
    (status, serde_json::from_str(&body).expect("JSON"))
}

fn ids(answer: &Value) -> Vec<u128> {
    let events = answer["events"].as_array().expect("events").iter();
    let id =
        |event: &Value| u128::from_str_radix(event["id"].as_str().expect("an id"), 16).expect("hexadecimal");
    events.map(id).collect()
}

/// An exporter whose store has these.
fn with(events: Vec<offpath_core::event::Event>) -> (Place, Running) {
    let place = Place::with(STORE);
    let mut ring = place.ring(16 << 20);
    let count = events.len();
    for event in events {
        ring.write(crate::framework::events::EVENT, &event.to_bytes()).expect("room");
    }
    let exporter = place.run();
    eventually("all is stored", || place.stored().len() == count);
    (place, exporter)
}
