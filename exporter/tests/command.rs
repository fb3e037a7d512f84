//! What users type.

use std::{fs, net::TcpListener, process::Output};

use crate::framework::{BOTH, Place, events::write, eventually};

fn offpath(place: &Place, arguments: &[&str]) -> Output {
    place.command().args(arguments).output().expect("run")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_bad_configuration_has_all_its_errors_told_and_exits_64() {
    let place = Place::with("");
    let bad =
        "[exporter]\nlisten = \"x\"\nnic = 3\n[capture]\nrequest_body = 7\n[sinks.a]\ntype = \"sqlit\"\n";
    fs::write(place.config(), bad).expect("written");
    for (arguments, is_result) in [(["check", "offpath.toml"].as_slice(), true), (&["run"], false)] {
        let output = offpath(&place, arguments);
        assert_eq!(output.status.code(), Some(64));
        let told = text(if is_result { &output.stdout } else { &output.stderr });
        for expected in [
            "exporter.listen: must be an address and a port such as \"127.0.0.1:8790\", got \"x\"",
            "exporter.nic: is unknown; did you mean \"nice\"?",
            "capture.request_body: must be a table, got 7",
            "sinks.a.type: must be one of sqlite, jsonl, stdout, redis, otlp, langfuse, phoenix, mlflow, langsmith, axiom, jaeger, loki, \
             got \"sqlit\"",
        ] {
            assert!(told.contains(expected), "{expected}\nis not in\n{told}");
        }
    }
}

#[test]
fn a_good_configuration_is_ok() {
    let place = Place::new();
    let output = offpath(&place, &["check", "offpath.toml"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).starts_with("offpath.toml: ok, "), "{}", text(&output.stdout));
}

#[test]
fn a_file_that_is_missing_or_no_toml_exits_64() {
    let place = Place::with("");
    assert_eq!(offpath(&place, &["check", "gone.toml"]).status.code(), Some(64));
    fs::write(place.config(), "[exporter\n").expect("written");
    assert_eq!(offpath(&place, &["run"]).status.code(), Some(64));
}

#[test]
fn bad_usage_exits_64_and_help_is_no_failure() {
    let place = Place::with("");
    assert_eq!(offpath(&place, &["runn"]).status.code(), Some(64));
    assert_eq!(offpath(&place, &["check"]).status.code(), Some(64));
    assert_eq!(offpath(&place, &["--help"]).status.code(), Some(0));
    for arguments in [["version"], ["--version"]] {
        let output = offpath(&place, &arguments);
        let expected = format!("offpath {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), expected));
    }
}

#[test]
fn a_port_that_is_taken_exits_1_and_is_named() {
    let place = Place::with("");
    let taken = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = taken.local_addr().expect("an address").to_string();
    let config = fs::read_to_string(place.config()).expect("read").replace("127.0.0.1:0", &address);
    fs::write(place.config(), config).expect("written");
    let output = offpath(&place, &["run"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(told.contains("exporter.listen: ") && told.contains(&address), "{told}");
}

#[test]
fn a_second_exporter_of_a_ring_directory_exits_1_and_names_the_first() {
    let place = Place::new();
    let first = place.run();
    first.address();
    let output = offpath(&place, &["run"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(told.contains(&format!("pid {}", first.child.id())), "{told}");
}

#[test]
fn a_second_exporter_of_a_data_directory_exits_1_and_names_the_first() {
    let place = Place::new();
    let first = place.run();
    first.address();
    let output =
        place.command().env("OFFPATH_DIR", place.path().join("other")).arg("run").output().expect("run");
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(told.contains(&format!("process {}", first.child.id())), "{told}");
}

#[test]
fn tail_with_no_exporter_exits_1_and_says_what_to_do() {
    let place = Place::with("");
    let output = offpath(&place, &["tail"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("start one with `offpath run`"), "{}", text(&output.stderr));
}

/// A sink whose keys are where the exporter is, and an error that came into the rules since it was started.
const OUT_OF_REACH: &str = "[sinks.lines]\ntype = \"jsonl\"\npath = \"${LINES}\"\n\
    [sinks.keys]\ntype = \"langfuse\"\nbase_url = \"http://127.0.0.1:1\"\npublic_key = \"${GONE}\"\n\
    secret_key = \"${file:/gone}\"\n";

#[test]
fn commands_beside_an_exporter_need_none_of_its_keys() {
    let place = Place::with(BOTH);
    let exporter = place.run();
    exporter.address();
    write(&mut place.ring(1 << 20), 1..6);
    eventually("all is delivered", || place.listed().len() == 5);
    place.configure("", &format!("{OUT_OF_REACH}[[rule]]\nnam = 1\n"));
    for (arguments, expected) in [
        (["top", "--once", "--interval", "100ms"].as_slice(), "5 in all"),
        (&["dead-letters", "list"], "no dead letters"),
        (&["dead-letters", "retry", "--all"], "no dead letters"),
        (&["replay", "--since", "10000d", "--dry-run"], "would go to keys, lines"),
        (&["replay", "--since", "10000d", "--sink", "keys"], "keys: 5 to be sent again"),
    ] {
        let output = offpath(&place, arguments);
        let told = text(&output.stdout);
        assert!(output.status.success() && told.contains(expected), "{told}\n{}", text(&output.stderr));
    }
    for refused in [["check", "offpath.toml"].as_slice(), &["run"]] {
        assert_eq!(offpath(&place, refused).status.code(), Some(64), "{refused:?}");
    }
}
