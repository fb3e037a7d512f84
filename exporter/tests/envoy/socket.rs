//! The socket's file: its place, its mode, who may have it.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, net::UnixListener},
    path::Path,
    process::Output,
};

use crate::framework::{
    Place,
    envoy::{Protocol, batch, post},
    eventually,
};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o7777
}

/// A place whose socket is named, in a directory that is not there.
fn named(mode: &str) -> (Place, std::path::PathBuf) {
    let place = Place::with("");
    let socket = place.path().join("run/offpath/x.sock");
    place.configure("", &format!("[intake.envoy]\nsocket = \"{}\"\n{mode}", socket.display()));
    (place, socket)
}

fn refused(place: &Place) -> String {
    let Output { status, stderr, .. } = place.command().arg("run").output().expect("run");
    assert_eq!(status.code(), Some(1));
    String::from_utf8_lossy(&stderr).into_owned()
}

#[test]
fn it_is_for_its_owner_alone_and_gone_when_the_exporter_is() {
    let place = Place::new();
    let exporter = place.run();
    place.connect();
    assert_eq!(mode(&place.socket()), 0o600);
    assert!(exporter.stop().success());
    assert!(!place.socket().exists());
}

#[test]
fn it_is_where_and_for_whom_the_configuration_says() {
    let (place, socket) = named("mode = \"0660\"");
    let _exporter = place.run();
    eventually("it is there", || socket.exists());
    assert_eq!((mode(&socket), mode(socket.parent().expect("a directory"))), (0o660, 0o700));
    assert_eq!(post(&socket, Protocol::Http2, batch(0, 1..2)).expect("an answer").status, 204);
    assert!(!place.socket().exists());
}

#[test]
fn one_that_a_killed_exporter_left_is_replaced() {
    let place = Place::new();
    let exporter = place.run();
    place.connect();
    exporter.kill();
    assert!(place.socket().exists());
    let _exporter = place.run();
    assert_eq!(place.post(batch(0, 1..2)), 204);
}

#[test]
fn one_that_somebody_listens_on_exits_1_and_is_named() {
    let (place, socket) = named("");
    let exporter = place.run();
    eventually("it is there", || socket.exists());
    let other = Place::with("");
    let used = format!("[intake.envoy]\nsocket = \"{}\"", socket.display());
    other.configure("", &used);
    let told = refused(&other);
    assert!(told.contains("intake.envoy.socket: another process listens there"), "{told}");
    assert!(told.contains(&socket.display().to_string()), "{told}");
    // It is still the first one's.
    assert_eq!(post(&socket, Protocol::Http1, batch(0, 1..2)).expect("an answer").status, 204);
    assert!(exporter.stop().success());
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let (place, socket) = named("");
    fs::create_dir_all(socket.parent().expect("a directory")).expect("made");
    fs::write(&socket, "precious").expect("written");
    assert!(refused(&place).contains("intake.envoy.socket: must not name a file that is no socket"));
    assert_eq!(fs::read_to_string(&socket).expect("read"), "precious");
}

#[test]
fn one_that_took_its_place_is_not_removed() {
    let (place, socket) = named("");
    let exporter = place.run();
    eventually("it is there", || socket.exists());
    fs::remove_file(&socket).expect("removed");
    let _other = UnixListener::bind(&socket).expect("bound");
    assert!(exporter.stop().success());
    assert!(socket.exists());
}

#[test]
fn a_ring_directory_with_too_long_a_name_leaves_the_rest_running() {
    let place = Place::with("");
    let rings = place.path().join("r".repeat(100));
    let mut command = place.command();
    command.env("OFFPATH_DIR", &rings).arg("run");
    let exporter = place.spawn(command);
    exporter.address();
    assert!(exporter.log().contains("name a shorter one in intake.envoy.socket"), "{}", exporter.log());
    assert!(exporter.stop().success());
}

#[test]
fn check_refuses_a_path_that_no_socket_can_have() {
    let place = Place::with("");
    let long = format!("/run/{}", "x".repeat(120));
    place.configure("", &format!("[intake.envoy]\nsocket = \"{long}\"\nmode = \"0666x\""));
    let output = place.command().args(["check", "offpath.toml"]).output().expect("run");
    assert_eq!(output.status.code(), Some(64));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        told.contains("intake.envoy.socket: must be the path of a Unix socket, at most 103 bytes"),
        "{told}"
    );
    assert!(told.contains("intake.envoy.mode: must be an octal mode such as \"0660\""), "{told}");
}
