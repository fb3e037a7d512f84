//! The exporter's configuration changes while it runs.

use std::{fs, path::Path, process::Stdio};

use offpath_ring::LossReason;

use crate::framework::{BOTH, Place, Running, eventually, get, hung_disk};

/// What /metrics says of the configuration: whether it is in force, and how many were taken and refused.
fn state(exporter: &Running) -> (u64, u64, u64) {
    let reloads =
        |result: &str| exporter.count(&format!("offpath_config_reloads_total{{result=\"{result}\"}}"));
    (exporter.count("offpath_config_ok"), reloads("taken"), reloads("refused"))
}

/// The thread that follows the file.
const FOLLOWER: &str = "offpath-config";

fn make_pipe(path: &Path) {
    rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RWXU).expect("made");
}

/// The version of the rules in force.
fn version(exporter: &Running) -> String {
    let (_, text) = exporter.get("/metrics");
    let infos: Vec<&str> = text.lines().filter(|line| line.starts_with("offpath_config_info{")).collect();
    let [info] = infos[..] else { panic!("{infos:?}") };
    let version =
        info.strip_prefix("offpath_config_info{rules=\"").and_then(|rest| rest.strip_suffix("\"} 1"));
    version.expect(info).to_owned()
}

#[test]
fn a_good_change_is_taken_and_the_version_of_the_rules_is_told() {
    let place = Place::new();
    let exporter = place.run();
    let before = version(&exporter);
    assert_eq!(state(&exporter), (1, 0, 0));
    place.configure("hosts = [\"offpath.internal\"]", &format!("[[rule]]\nrecord = false\n{BOTH}"));
    eventually("it is taken", || state(&exporter) == (1, 1, 0));
    assert_ne!(version(&exporter), before);
    assert_eq!(get(&exporter.address(), "/healthz", "offpath.internal").0, 200);
    let checked = place.command().args(["check", "offpath.toml"]).output().expect("run");
    assert!(String::from_utf8_lossy(&checked.stdout).contains(&version(&exporter)));
}

#[test]
fn its_own_events_are_of_the_service_that_the_file_names_now() {
    let place = Place::new();
    let exporter = place.run();
    exporter.address();
    place.configure("", &format!("[service]\nname = \"renamed\"\n{BOTH}"));
    eventually("it is taken", || state(&exporter).1 == 1);
    place.ring(1 << 20).count_loss(LossReason::Trap, 2);
    eventually("the loss is written", || !place.lines().is_empty());
    assert_eq!(place.lines()[0]["service"], "renamed");
}

#[test]
fn a_bad_change_is_refused_whole_and_told_once_with_all_its_errors() {
    let place = Place::new();
    let exporter = place.run();
    let before = version(&exporter);
    let good = fs::read_to_string(place.config()).expect("read");
    place.configure("hosts = [\"offpath.internal\"]\nnic = 3", &format!("[[rule]]\nrecord = 7\n{BOTH}"));
    eventually("it is refused", || state(&exporter) == (0, 0, 1));
    assert_eq!(version(&exporter), before);
    assert_eq!(get(&exporter.address(), "/healthz", "offpath.internal").0, 403);
    assert_eq!(exporter.get("/readyz").0, 200);
    let log = exporter.log();
    for told in ["offpath.toml:5: exporter.nic: is unknown", "rule[0].record: must be true or false, got 7"] {
        assert_eq!(log.matches(told).count(), 1, "{told} in\n{log}");
    }
    fs::write(place.config(), good).expect("written");
    eventually("what is in force is back", || state(&exporter) == (1, 0, 1));
}

#[test]
fn a_file_that_vanishes_changes_nothing_until_it_is_back() {
    let place = Place::new();
    let exporter = place.run();
    exporter.address();
    fs::remove_file(place.config()).expect("removed");
    eventually("it is missed", || state(&exporter) == (0, 0, 1));
    place.configure("hosts = [\"offpath.internal\"]", BOTH);
    eventually("it is taken", || state(&exporter) == (1, 1, 1));
}

#[test]
fn what_can_be_read_only_once_is_not_followed() {
    let place = Place::new();
    let pipe = place.path().join("pipe");
    make_pipe(&pipe);
    let mut command = place.command();
    command.args(["run", "--config"]).arg(&pipe);
    let exporter = place.spawn(command);
    fs::copy(place.config(), &pipe).expect("written");
    assert_eq!(state(&exporter), (1, 0, 0));
    assert_eq!(exporter.thread_state(FOLLOWER), None);
    let other = Place::new();
    let following = other.run();
    eventually("a file is followed", || following.thread_state(FOLLOWER).is_some());
}

#[test]
fn a_pipe_in_place_of_the_file_is_refused_and_stops_nothing() {
    let place = Place::new();
    let exporter = place.run();
    exporter.address();
    fs::remove_file(place.config()).expect("removed");
    make_pipe(&place.config());
    eventually("it is refused", || state(&exporter) == (0, 0, 1));
    assert!(exporter.log().contains("offpath.toml: not a regular file"), "{}", exporter.log());
    assert!(exporter.stop().success());
}

#[test]
fn a_file_system_that_hangs_stops_neither_http_nor_the_end() {
    let place = Place::new();
    let Some((exporter, hung)) = hung_disk::run(&place) else { return };
    exporter.address();
    let link = place.path().join("link");
    std::os::unix::fs::symlink(hung.join("offpath.toml"), &link).expect("linked");
    fs::rename(link, place.config()).expect("renamed");
    eventually("it hangs", || exporter.thread_state(FOLLOWER) == Some('D'));
    assert_eq!(exporter.get("/readyz").0, 200);
    assert!(exporter.stop().success());
}

#[test]
fn settings_that_need_a_restart_are_named() {
    let place = Place::new();
    let exporter = place.run();
    exporter.address();
    place.configure(
        "nice = 3\nspool = { sync = \"1s\" }",
        "[sinks.db]\ntype = \"sqlite\"\nmax_age = \"10000d\"\n",
    );
    eventually("it is taken", || state(&exporter).1 == 1);
    let expected = "settings=\"exporter.nice, sinks.lines.path, sinks.lines.type\"";
    assert!(exporter.log().contains(expected), "{}", exporter.log());
}

#[test]
fn beside_a_command_the_file_is_followed_too() {
    let place = Place::new();
    let mut command = place.command();
    command.args(["run", "--", "sh", "-c", "until test -e go; do sleep 0.05; done"]).stdout(Stdio::null());
    let running = place.spawn(command);
    assert_eq!(state(&running), (1, 0, 0));
    place.configure("nic = 3", BOTH);
    eventually("it is refused", || state(&running) == (0, 0, 1));
    place.configure("", &format!("[[rule]]\nrecord = false\n{BOTH}"));
    eventually("it is taken", || state(&running) == (1, 1, 1));
    fs::write(place.path().join("go"), "").expect("written");
    assert_eq!(running.wait().code(), Some(0));
}
