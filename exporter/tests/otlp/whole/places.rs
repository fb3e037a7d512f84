//! What is sent together, with which headers, and to which project.

use offpath_core::event::Event;
use offpath_exporter::{config::Settings, delivery::Backend, sinks::Built};
use serde_json::{Value, json};

use super::{
    super::{backend, exchange, langfuse, sent},
    shapes::{langfuse_sdk, langfuse_sdk_of, openinference},
};

type Headers = Vec<(&'static str, String)>;

/// Which events are in each request, and what it says of who sends it.
fn requests(backend: &dyn Backend, events: &[Event]) -> Vec<(Vec<usize>, Headers)> {
    let of =
        |headers: Headers| headers.into_iter().filter(|(name, _)| name.starts_with("x-langfuse")).collect();
    backend.requests(events).into_iter().map(|request| (request.events, of(request.headers))).collect()
}

fn headers(pairs: &[(&'static str, &str)]) -> Headers {
    pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

#[test]
fn spans_of_each_version_of_langfuse_s_sdk_are_a_request_of_their_own() {
    let events = [
        langfuse_sdk("5.0.4"),
        exchange(6),
        langfuse_sdk("3.15.0"),
        openinference(),
        langfuse_sdk("5.0.4"),
        langfuse_sdk("4.18.0"),
    ];
    let of_sdk = |version: &str, at_once: bool| {
        let mut all = headers(&[("x-langfuse-sdk-name", "python"), ("x-langfuse-sdk-version", version)]);
        if at_once {
            all.insert(0, ("x-langfuse-ingestion-version", "4".to_owned()));
        }
        all
    };
    let own = headers(&[
        ("x-langfuse-ingestion-version", "4"),
        ("x-langfuse-sdk-name", "offpath"),
        ("x-langfuse-sdk-version", env!("CARGO_PKG_VERSION")),
    ]);
    let expected = vec![
        (vec![0, 4], of_sdk("5.0.4", true)),
        (vec![1, 3], own),
        (vec![2], of_sdk("3.15.0", false)),
        (vec![5], of_sdk("4.18.0", true)),
    ];
    assert_eq!(requests(&*backend(&langfuse()), &events), expected);
    assert_eq!(backend(&json!({"type": "phoenix"})).requests(&events).len(), 1);
}

#[test]
fn a_version_that_no_header_can_say_is_not_said() {
    let sent = requests(&*backend(&langfuse()), &[langfuse_sdk("5\r\nx: y"), exchange(6)]);
    assert_eq!(sent.len(), 2, "it is not mixed with others");
    let names: Vec<_> = sent[0].1.iter().map(|(name, _)| *name).collect();
    assert!(!names.contains(&"x-langfuse-sdk-version"), "{names:?}");
}

#[test]
fn spans_of_one_resource_and_scope_are_together() {
    let events = [langfuse_sdk("5.0.4"), openinference(), langfuse_sdk("5.0.4"), exchange(6)];
    let sent = sent(&json!({"type": "phoenix"}), &events);
    let counts: Vec<Vec<usize>> = sent
        .resource_spans
        .iter()
        .map(|resource| resource.scope_spans.iter().map(|scope| scope.spans.len()).collect())
        .collect();
    assert_eq!(counts, [vec![2, 1], vec![1]]);
}

/// The sinks of these settings.
fn backends(sinks: &Value) -> Vec<Box<dyn Backend>> {
    let settings = Settings::from_json(&json!({ "sinks": sinks }), &|_| None).expect("valid");
    let built = settings.sinks.iter().map(|sink| match sink.build() {
        Built::Http(backend, _) => backend,
        Built::OneByOne(sink) => panic!("it answers no requests: {sink:?}"),
    });
    built.collect()
}

#[test]
fn a_span_goes_to_the_project_that_its_scope_names_and_to_all_if_no_sink_has_that() {
    let to = |key: &str| json!({"type": "langfuse", "public_key": key, "secret_key": "sk"});
    let sinks = backends(&json!({"a": to("pk-1"), "b": to("pk-2"), "c": {"type": "phoenix"}}));
    let [one, two, other] = ["pk-1", "pk-2", "pk-3"].map(|key| langfuse_sdk_of("5.0.4", key));
    let events = [one, two, other, exchange(6)];
    let taken: Vec<Vec<usize>> = sinks
        .iter()
        .map(|sink| {
            let mut taken: Vec<_> =
                sink.requests(&events).into_iter().flat_map(|request| request.events).collect();
            taken.sort_unstable();
            taken
        })
        .collect();
    assert_eq!(taken, [vec![0, 2, 3], vec![1, 2, 3], vec![0, 1, 2, 3]]);
    let missing: Vec<bool> = events.iter().map(|event| sinks[0].is_for_another(event)).collect();
    assert_eq!(missing, [false, true, false, false]);
}
