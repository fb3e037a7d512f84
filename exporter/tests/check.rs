//! `offpath check`: where a configuration is wrong.

use std::{fs, process::Output};

use crate::framework::Place;

/// What `offpath check` says of this file.
fn check(file: &str, text: &str) -> (Option<i32>, String) {
    let place = Place::with("");
    fs::write(place.path().join(file), text).expect("written");
    let output = place.command().args(["check", file]).env("KEY", "a key of sixteen").output().expect("run");
    told(&output)
}

fn told(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn each_error_names_file_line_field_rule_and_value() {
    let text = r#"
[exporter]
listen = "x"
[capture]
request_body = { head = "8KiB", tail = -1 }
redact = { mask = "hash", hash_key = "${GONE}" }
[[rule]]
name = "chat"
match = { path = [
    "/v1/**",
    "health",
] }
[[rule]]
matc = {}

[sinks.a]
[sinks.b]
type = "jsonl"
path = "${GONE}"
"#;
    let expected = "\
bad.toml:3: exporter.listen: must be an address and a port such as \"127.0.0.1:8790\", got \"x\"
bad.toml:5: capture.request_body.tail: must be a size such as \"8KiB\", from 0 to 1MiB, got -1
bad.toml:6: capture.redact.hash_key: needs the environment variable GONE, which is not set
bad.toml:11: rule[0] \"chat\".match.path: must begin with \"/\" or \"*\", got \"health\"
bad.toml:14: rule[1].matc: is unknown; did you mean \"match\"?
bad.toml:16: sinks.a.type: must be one of sqlite, jsonl, stdout, redis, otlp, langfuse, phoenix, mlflow, langsmith, axiom, jaeger, loki
bad.toml:19: sinks.b.path: needs the environment variable GONE, which is not set, got \"${GONE}\"
";
    assert_eq!(check("bad.toml", text), (Some(64), expected.to_owned()));
}

#[test]
fn all_that_is_no_toml_is_told_with_line_and_column() {
    let (code, told) = check("bad.toml", "[capture]\nrecord = tru\n\n[exporter\n");
    assert_eq!(code, Some(64));
    let places: Vec<&str> = told.lines().filter_map(|line| line.split_once(": ")).map(|(at, _)| at).collect();
    assert_eq!(places, ["bad.toml:2:10", "bad.toml:4:10"], "{told}");
}

#[test]
fn json_is_checked_by_the_core_alone_and_has_lines_too() {
    let bad = "{\n  \"sinks\": 7,\n  \"rule\": [\n    { \"match\": { \"path\": \"x\" } }\n  ]\n}\n";
    let expected = "envoy.json:4: rule[0].match.path: must begin with \"/\" or \"*\", got \"x\"\n";
    assert_eq!(check("envoy.json", bad), (Some(64), expected.to_owned()));
    let (code, told) = check("envoy.json", "{\"rule\": [{}]");
    assert_eq!(code, Some(64));
    assert!(told.starts_with("envoy.json:1:13: EOF while parsing"), "{told}");
    let (code, told) = check("envoy.json", &bad.replace("\"x\"", "\"/x\""));
    assert_eq!(code, Some(0));
    assert!(told.starts_with("envoy.json: ok, rules ") && told.ends_with(" (1 rule)\n"), "{told}");
}

#[test]
fn a_good_file_has_the_version_of_its_rules_and_their_number() {
    let (code, told) = check("good.toml", "[[rule]]\nrecord = false\n[sinks.a]\ntype = \"stdout\"\n");
    assert_eq!(code, Some(0));
    let rest = told.strip_prefix("good.toml: ok, rules ").expect(&told);
    let (version, counts) = rest.split_at(16);
    assert!(version.bytes().all(|digit| digit.is_ascii_hexdigit()), "{told}");
    assert_eq!(counts, " (1 rule, 1 sink)\n");
}

#[test]
fn a_rule_that_can_never_match_is_a_warning_and_no_error() {
    let text = "[[rule]]\nmatch = { path = \"/v1/**\" }\n\n[[rule]]\nname = \"chat\"\nmatch = { path = \"/v1/chat\" }\n";
    let (code, told) = check("shadowed.toml", text);
    assert_eq!(code, Some(0), "{told}");
    let expected = "shadowed.toml:6: warning: rule[1] \"chat\" can never match, because rule[0] ";
    assert!(told.starts_with(expected), "{told}");
    assert!(told.lines().nth(1).is_some_and(|line| line.starts_with("shadowed.toml: ok, ")), "{told}");
}

#[test]
fn a_secret_that_stands_in_the_file_is_a_warning_which_does_not_show_it() {
    let text = "[sinks.a]\ntype = \"phoenix\"\napi_key = \"sk-1234\"\n[sinks.b]\ntype = \"phoenix\"\napi_key = \"${KEY}\"\n";
    let (code, told) = check("literal.toml", text);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.starts_with("literal.toml:3: warning: sinks.a.api_key: holds a secret"), "{told}");
    assert!(told.contains("write \"${NAME}\"") && !told.contains("sk-1234"), "{told}");
    assert_eq!(told.matches("warning").count(), 1, "{told}");
}

#[test]
fn a_hash_key_comes_from_the_environment() {
    let text = "[capture]\nredact = { mask = \"hash\", hash_key = \"${KEY}\" }\n";
    assert_eq!(check("good.toml", text).0, Some(0));
    let expected =
        "bad.toml:2: capture.redact.hash_key: needs the environment variable GONE, which is not set\n";
    assert_eq!(check("bad.toml", &text.replace("KEY", "GONE")), (Some(64), expected.to_owned()));
}

#[test]
fn there_are_colours_only_where_they_are_asked_for() {
    let place = Place::with("");
    let check = |name: &str| {
        told(&place.command().args(["check", "offpath.toml"]).env(name, "1").output().expect("run")).1
    };
    assert!(!check("X").contains('\u{1b}'));
    assert!(check("CLICOLOR_FORCE").contains('\u{1b}'));
    assert!(!check("NO_COLOR").contains('\u{1b}'));
}

#[test]
fn of_several_files_all_are_checked() {
    let place = Place::with("");
    fs::write(place.path().join("bad.toml"), "[exporte]\n").expect("written");
    let output = place.command().args(["check", "gone.toml", "bad.toml", "offpath.toml"]).output();
    let (code, told) = told(&output.expect("run"));
    let first: Vec<&str> = told.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!((code, first), (Some(64), vec!["gone.toml", "bad.toml", "offpath.toml"]), "{told}");
}
