//! Lines on standard output, for containers whose output is collected.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::Stdio,
};

use serde_json::Value;

use crate::framework::{Place, Running, events::write, eventually};

const SINKS: &str = "[sinks.out]\ntype = \"stdout\"\n[sinks.lines]\ntype = \"jsonl\"\npath = \"${LINES}\"\n";

fn output(place: &Place) -> PathBuf {
    place.path().join("stdout")
}

/// Starts an exporter that writes on, where another ended.
fn run(place: &Place) -> Running {
    let file = File::options().create(true).append(true).open(output(place)).expect("opened");
    let mut command = place.command();
    command.arg("run").stdout(file);
    place.spawn(command)
}

fn lines(place: &Place) -> Vec<Value> {
    let text = fs::read_to_string(output(place)).expect("read");
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).expect("JSON, and nothing else")).collect()
}

#[test]
fn each_event_is_a_line_of_the_same_json_as_in_a_file_and_comes_once() {
    let place = Place::with(SINKS);
    let mut ring = place.ring(1 << 20);
    for round in 0..3 {
        let exporter = run(&place);
        write(&mut ring, round * 100 + 1..round * 100 + 101);
        eventually("some are there", || lines(&place).len() as u128 > round * 100);
        assert!(exporter.stop().success());
    }
    assert_eq!(lines(&place).len(), 300);
    assert_eq!(lines(&place), place.lines());
}

#[test]
fn who_does_not_read_it_holds_up_no_other_sink_and_gets_all_in_the_end() {
    let place = Place::with(SINKS);
    let mut ring = place.ring(8 << 20);
    let mut command = place.command();
    command.arg("run").stdout(Stdio::piped());
    let mut exporter = place.spawn(command);
    // More than a pipe holds.
    write(&mut ring, 1..1_001);
    eventually("the other sink has all", || place.listed().len() == 1_000);
    let backlog = "offpath_sink_backlog_events{sink=\"out\"}";
    assert!(exporter.count(backlog) > 0);
    let reader = BufReader::new(exporter.child.stdout.take().expect("a pipe"));
    let read: Vec<String> = reader.lines().take(1_000).map(|line| line.expect("a line")).collect();
    let read: Vec<Value> = read.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(read, place.lines());
}
