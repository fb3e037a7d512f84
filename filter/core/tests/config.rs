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
fn a_trace_is_told_to_hosts_that_are_named_and_to_no_pattern_of_everything() {
    let hosts = |hosts: Value| json!({"outbound": {"propagate": hosts}});
    let config = Config::from_json(&hosts(json!(["API.internal", "*.example.com"]))).expect("valid");
    assert_eq!(config.host.propagate, ["api.internal", "*.example.com"]);
    assert_eq!(Config::default().host.propagate, [""; 0]);
    let rule = "must be hosts without scheme, port or path, such as \"api.internal\", or \"*.example.com\" for all below one";
    assert_eq!(
        errors(&json!({"outbound": {"propagate": ["*", "a:80"], "propagte": 1}})),
        [
            format!("outbound.propagate: {rule}, got \"*\""),
            format!("outbound.propagate: {rule}, got \"a:80\""),
            "outbound.propagte: is unknown; did you mean \"propagate\"?".to_owned(),
        ]
    );
    assert_eq!(errors(&hosts(json!(vec!["a"; 1001]))), ["outbound.propagate: must be at most 1000 hosts"]);
}

#[test]
fn what_is_no_table_is_refused() {
    assert_eq!(errors(&json!([])), ["the configuration: must be a table, got an array []"]);
}

#[test]
fn rules_are_checked_to_the_last_name() {
    let config = json!({
        "capture": {
            "redact": {"patterns": ["emial"], "expressions": {"bad": "(", "empty": "a*", "no": 3}, "mask": "hash", "json_keys": ["_"]},
            "json": {"max_depth": 101, "max_string": 0},
            "sample": 1.5,
            "media": "all",
            "identity": {"user": "cookie:x", "tags": ["json:"], "sesion": "header:a"},
        },
        "rule": [
            {"match": {"status": [99, "6xx"], "header": {"a b": true, "x-a": 1}, "content_type": "a;b", "method": []}},
            {"sample": {"rate": -1, "keep": ["errors"], "kep": 1}},
            {"redact": {"hash_key": "short"}},
        ],
    });
    assert_eq!(
        errors(&config),
        [
            "capture.redact.json_keys: must be names of at least one letter or digit, got an array [\"_\"]",
            "capture.redact.patterns: must be of email, phone, card, iban, ipv4, ipv6, bearer, provider_key, jwt; own ones go to \"expressions\", got \"emial\"",
            "capture.redact.expressions.bad: must be a regular expression: unclosed group, got \"(\"",
            "capture.redact.expressions.empty: must be a regular expression that does not match nothing at all, got \"a*\"",
            "capture.redact.expressions.no: must be a regular expression of 1 to 1000 bytes, got 3",
            "capture.redact.hash_key: is needed by mask = \"hash\"",
            "capture.json.max_string: must be a whole number from 1 to 1048576, got 0",
            "capture.json.max_depth: must be a whole number from 1 to 100, got 101",
            "capture.media: must be one of \"summary\", \"keep\", got \"all\"",
            "capture.sample: must be a rate from 0 to 1, or a table with one, got 1.5",
            "capture.identity.user: must be \"header:x-user-id\", \"scope:user.id\", \"json:user\" or \"text:anonymous\", got \"cookie:x\"",
            "capture.identity.tags: must be \"header:x-user-id\", \"scope:user.id\", \"json:user\" or \"text:anonymous\", got \"json:\"",
            "capture.identity.sesion: is unknown; did you mean \"session\"?",
            "rule[0].match.method: must not be empty; leave it out to match everything",
            "rule[0].match.content_type: must be a media type without parameters, such as \"application/json\", got \"a;b\"",
            "rule[0].match.header.a b: must name a header, got true",
            "rule[0].match.header.x-a: must be true, false, or a pattern of the value, got 1",
            "rule[0].match.status: must be statuses such as 404, \"5xx\" or \"400-499\", from 100 to 599, got an array [99,\"6xx\"]",
            "rule[1].sample.rate: must be a number from 0 to 1, got -1",
            "rule[1].sample.keep: must be \"error\", \"status:429\", \"slow:2s\", \"header:x-debug\", \"header:x-debug=1\", \"route:/pay/**\" or \"first:10\", got \"errors\"",
            "rule[1].sample.kep: is unknown; did you mean \"keep\"?",
            "rule[2].redact.hash_key: must be a string of at least 16 bytes",
        ]
    );
}

#[test]
fn a_rule_that_can_never_match_is_warned_of() {
    let config = json!({"rule": [
        {"name": "api", "match": {"path": "/v1/**"}},
        {"name": "chat", "match": {"path": "/v1/chat", "method": "POST"}},
        {"match": {"path": "/v2/**", "status": "5xx"}},
        {"match": {"path": "/v2/**", "status": [500, 503]}},
        {"match": {"path": "/v2/**"}},
        {},
        {"match": {"header": {"x-debug": true}}},
    ]});
    let warnings = Config::from_json(&config).expect("a valid configuration").warnings();
    let fields: Vec<&str> = warnings.iter().map(|warning| warning.field.as_str()).collect();
    assert_eq!(fields, ["rule[1].match", "rule[3].match", "rule[6].match"]);
    assert_eq!(
        warnings.first().map(ToString::to_string).as_deref(),
        Some(
            "rule[1].match: rule[1] \"chat\" can never match, because rule[0] \"api\" stands before it and matches all that it does"
        )
    );
}

#[test]
fn a_format_that_nobody_knows_is_refused_with_those_that_are_known() {
    let error = errors(&json!({"rule": [{"name": "chat", "llm": "openai"}]})).concat();
    assert!(error.starts_with("rule[0].llm: must be one of \"auto\", \"off\", \"openai.chat\", "), "{error}");
    assert!(error.ends_with(", \"ollama.embed\", got \"openai\""), "{error}");
}

#[test]
fn the_key_of_hashes_is_never_shown() {
    let config = json!({"capture": {"redact": {"hash_key": 1234567890}}});
    assert!(!errors(&config).concat().contains("1234567890"));
}

#[test]
fn a_variable_that_nobody_has_read_is_no_key() {
    let config = json!({"capture": {"redact": {"mask": "hash", "hash_key": "${OFFPATH_HASH_KEY}"}}});
    assert_eq!(
        errors(&config),
        ["capture.redact.hash_key: must be the key itself: here no variables are read"]
    );
}

#[test]
fn a_configuration_that_would_weigh_down_every_event_is_refused() {
    let expressions: serde_json::Map<_, _> =
        (0..40).map(|number| (format!("e{number}"), json!("x".repeat(900)))).collect();
    let errors = errors(&json!({"capture": {"redact": {"expressions": expressions}}}));
    assert!(errors.concat().contains("travel in every event"), "{errors:?}");
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        "[a-z]{1,5}",
        "service|capture|rule|match|path|headers|allow|redact|request_body|head|name|sample|rate|keep|identity|user|status|header|expressions"
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
