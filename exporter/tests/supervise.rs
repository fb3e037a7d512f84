//! `offpath run -- CMD`.

use std::{net::TcpListener, os::unix::process::ExitStatusExt as _, process::Stdio};

use rustix::process::Signal;

use crate::framework::{Place, Running, events::write, eventually};

fn run(place: &Place, script: &str) -> Running {
    let mut command = place.command();
    command.args(["run", "--", "sh", "-c", script]).stdout(Stdio::null());
    place.spawn(command)
}

#[test]
fn the_exit_code_is_that_of_the_command() {
    let place = Place::new();
    assert_eq!(run(&place, "exit 7").wait().code(), Some(7));
    assert_eq!(run(&place, "exit 0").wait().code(), Some(0));
}

#[test]
fn a_command_that_a_signal_ended_counts_as_128_and_its_number() {
    let place = Place::new();
    let status = run(&place, "kill -KILL $$").wait();
    assert_eq!((status.code(), status.signal()), (Some(137), None));
}

#[test]
fn the_command_is_told_where_the_rings_and_the_configuration_are() {
    let place = Place::new();
    let script = format!(
        "test \"$OFFPATH_DIR\" = {:?} && test \"$OFFPATH_CONFIG\" = {:?}",
        place.rings(),
        place.config()
    );
    assert_eq!(run(&place, &script).wait().code(), Some(0));
}

#[test]
fn the_command_keeps_its_priority_and_the_exporter_lowers_its_own() {
    let place = Place::new();
    let ours = rustix::process::getpriority_process(None).expect("known");
    let expected = format!("{ours} {}", (ours + 10).min(19));
    let nice = |pid: &str| format!("cut -d' ' -f19 /proc/{pid}/stat");
    // The exporter comes to it after it has started the command; ten seconds are patience.
    let script = format!(
        "for try in $(seq 100); do echo $({}) $({}) > nice; [ \"$(cat nice)\" = '{expected}' ] && break; sleep 0.1; done",
        nice("$$"),
        nice("$PPID")
    );
    assert_eq!(run(&place, &script).wait().code(), Some(0));
    assert_eq!(std::fs::read_to_string(place.path().join("nice")).expect("written").trim(), expected);
}

#[test]
fn signals_reach_the_command() {
    for (signal, name) in [(Signal::TERM, "TERM"), (Signal::INT, "INT")] {
        let place = Place::new();
        let script = format!("trap 'exit 9' {name}; echo > trapped; while :; do sleep 0.05; done");
        let running = run(&place, &script);
        eventually("the trap is set", || place.path().join("trapped").exists());
        running.signal(signal);
        assert_eq!(running.wait().code(), Some(9), "{name}");
    }
}

#[test]
fn what_is_in_the_rings_is_delivered_before_it_ends() {
    let place = Place::new();
    let mut ring = place.ring(16 << 20);
    write(&mut ring, 1..2_001);
    assert_eq!(run(&place, "exit 3").wait().code(), Some(3));
    assert_eq!(place.stored().len(), 2_000);
    assert_eq!(place.listed().len(), 2_000);
}

#[test]
fn a_taken_port_does_not_keep_the_command_from_running() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = taken.local_addr().expect("an address").to_string();
    let config = std::fs::read_to_string(place.config()).expect("read").replace("127.0.0.1:0", &address);
    std::fs::write(place.config(), config).expect("written");
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..11);
    assert_eq!(run(&place, "exit 4").wait().code(), Some(4));
    assert_eq!(place.stored().len(), 10);
}

#[test]
fn another_exporter_does_not_keep_the_command_from_running() {
    let place = Place::new();
    let first = place.run();
    first.address();
    assert_eq!(run(&place, "exit 5").wait().code(), Some(5));
}

#[test]
fn it_takes_over_when_another_exporter_ends() {
    let place = Place::new();
    let first = place.run();
    first.address();
    let running = run(&place, "until test -e go; do sleep 0.05; done; exit 6");
    eventually("it runs without an exporter", || running.log().contains("without an exporter of its own"));
    assert!(first.stop().success());
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..11);
    eventually("the events are delivered", || place.stored().len() == 10);
    std::fs::write(place.path().join("go"), "").expect("written");
    assert_eq!(running.wait().code(), Some(6));
}

#[test]
fn a_command_that_does_not_exist_exits_1_and_a_bad_configuration_64() {
    let place = Place::new();
    let mut command = place.command();
    command.args(["run", "--", "no-such-command"]);
    assert_eq!(command.output().expect("run").status.code(), Some(1));
    std::fs::write(place.config(), "[exporte]\n").expect("written");
    assert_eq!(run(&place, "exit 0").wait().code(), Some(64));
}
