use serde_json::Value;

use super::ask;
use crate::framework::Place;

#[test]
fn what_is_published_is_what_is_served() {
    let published = include_str!("../../schema/api.openapi.json");
    let example =
        "cargo run --release -p offpath-exporter --example describe_api >exporter/schema/api.openapi.json";
    assert!(published == offpath_exporter::viewer::description(), "write it anew: {example}");
    let place = Place::with("");
    let (status, served) = ask(&place.run(), "openapi.json");
    let published: Value = serde_json::from_str(published).expect("JSON");
    assert_eq!((status, served), (200, published));
}
