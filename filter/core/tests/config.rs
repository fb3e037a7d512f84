//! Configuration is taken whole or refused whole, with all its errors.
#![allow(missing_docs, reason = "a test")]

use offpath_core::Config;
use proptest::prelude::*;
use serde_json::{Value, json};

fn errors(json: &Value) -> Vec<String> {
    let errors = Config::from_json(json).err().unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_is_a_valid_configuration() {
    assert_eq!(errors(&json!({})), [""; 0]);
}

#[test]
fn the_tables_of_others_are_left_alone() {
    assert_eq!(errors(&json!({"exporter": {"x": 1}, "sinks": 3, "intake": {}, "cluster": "c"})), [""; 0]);
}

#[test]
fn every_error_is_told_at_once_with_field_rule_and_value() {
    let config = json!({
        "service": {"name": "", "environment": "Prod"},
        "capture": {"request_body": {"head": "9GiB"}, "heders": {}, "headers": {"allow": ["a*b"]}},
        "rule": [{"match": {"path": "health", "method": 3}, "record": "no"}, 7],
    });
    assert_eq!(
        errors(&config),
        [
            "service.name: must be a string of 1 to 200 bytes without control characters, got \"\"",
            "service.environment: must be 1 to 40 of a-z, 0-9, \"_\" and \"-\", and not begin with \"langfuse\", got \"Prod\"",
            "capture.request_body.head: must be a size such as \"8KiB\", from 0 to 1MiB, got \"9GiB\"",
            "capture.headers.allow: must be header names, or prefixes that end in \"*\", got \"a*b\"",
            "capture.heders: is unknown; did you mean \"headers\"?",
            "rule[0].match.path: must begin with \"/\" or \"*\", got \"health\"",
            "rule[0].match.method: must be a string or an array of strings, got 3",
            "rule[0].record: must be true or false, got \"no\"",
            "rule[1]: must be a table, got 7",
        ]
    );
}

#[test]
fn the_ring_and_the_sandbox_have_bounds() {
    let config = json!({"ring": {"size": "3MiB"}, "sandbox": {"memory": "1MiB", "fuel": 0}});
    assert_eq!(
        errors(&config),
        [
            "ring.size: must be a size that is a power of two, from 64KiB to 1GiB, got \"3MiB\"",
            "sandbox.memory: must be a size such as \"8KiB\", from 4MiB to 2GiB, got \"1MiB\"",
            "sandbox.fuel: must be a whole number from 1 to 9223372036854775807, got 0",
        ]
    );
}

#[test]
fn what_is_no_table_is_refused() {
    assert_eq!(errors(&json!([])), ["the configuration: must be a table, got an array []"]);
}

#[test]
fn a_promise_that_this_version_cannot_keep_is_refused() {
    let config = json!({"capture": {"redact": {"json_keys": ["password"]}}});
    let expected =
        "capture.redact.json_keys: is not supported by this version; remove it, got an array [\"password\"]";
    assert_eq!(errors(&config), [expected]);
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        "[a-z]{1,5}",
        "service|capture|rule|match|path|headers|allow|redact|request_body|head|name"
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,9}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(key.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_taken_or_refused_with_a_reason(json in any_json()) {
        if let Err(errors) = Config::from_json(&json) {
            prop_assert!(!errors.is_empty());
        }
    }
}
