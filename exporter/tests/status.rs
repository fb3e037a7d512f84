//! `/api/status`, and `offpath top`, which shows it.

mod terminal;

use std::{
    fs,
    process::{Output, Stdio},
};

use offpath_exporter::dead_letters::{DeadLetters, Letter};
use serde_json::{Value, json};

use self::terminal::Terminal;
use crate::framework::{
    Place, Running,
    events::{exchange, write},
    eventually, get,
    receiver::{Receiver, Reply},
};

/// One sink that delivers, and one that cannot: its file would lie in a file.
const SINKS: &str = "[sinks.broken]\ntype = \"jsonl\"\npath = \"${LINES}/in/a/file\"\n[sinks.lines]\ntype = \"jsonl\"\npath = \"${LINES}\"\n";

fn status(exporter: &Running) -> Value {
    let (code, body) = exporter.get("/api/status");
    assert_eq!(code, 200);
    let status = serde_json::from_str(&body).expect("JSON");
    assert_valid(&status);
    status
}

fn assert_valid(status: &Value) {
    let schema = serde_json::from_str(include_str!("../schema/status.schema.json")).expect("JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let errors: Vec<String> =
        validator.iter_errors(status).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{status:#}");
}

/// An exporter that has delivered ten events to the one, and none to the other.
fn half_broken() -> (Place, Running) {
    let place = Place::with(SINKS);
    fs::write(place.lines_file(), "").expect("written");
    write(&mut place.ring(1 << 20), 1..11);
    let exporter = place.run();
    eventually("one sink has delivered, and the other has failed", || {
        let sinks = &status(&exporter)["sinks"];
        sinks[1]["sent"] == 10 && sinks[1]["lag_seconds"] == 0.0 && sinks[0]["state"] == "retrying"
    });
    (place, exporter)
}

fn top(place: &Place, arguments: &[&str]) -> Output {
    place.command().arg("top").args(arguments).output().expect("run")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn the_status_says_what_came_in_and_how_each_sink_is() {
    let (place, exporter) = half_broken();
    let letters = DeadLetters::open(&place.data(), 1 << 30).expect("opened");
    let letter =
        Letter { sink: "lines", reason: "refused", why: "no", at_unix_ns: 1, events: &[exchange(1)] };
    letters.add(&letter).expect("written");
    eventually("the letter is counted", || status(&exporter)["sinks"][1]["dead_letters"] == 1);
    let status = status(&exporter);
    assert_eq!((&status["ready"], &status["events"]), (&json!(false), &json!({"asgi": 10})));
    let told = format!("sink broken: retrying: {}/in/a/file: Not a directory", place.lines_file().display());
    assert!(status["problems"][0].as_str().is_some_and(|problem| problem.starts_with(&told)), "{status:#}");
    assert_eq!(
        (&status["spool"]["records"], &status["spool"]["max_bytes"]),
        (&json!(10), &json!(10_u64 << 30))
    );
    assert_eq!(status["config"]["ok"], true);
    let (broken, lines) = (&status["sinks"][0], &status["sinks"][1]);
    assert_eq!(
        (&broken["name"], &broken["type"], &broken["kind"]),
        (&json!("broken"), &json!("jsonl"), &json!("io"))
    );
    assert_eq!((&broken["backlog_events"], &broken["sent"]), (&json!(10), &json!(0)));
    assert!(
        broken["lag_seconds"].as_f64() > Some(0.0) && broken["errors"]["io"].as_u64() > Some(0),
        "{broken:#}"
    );
    assert!(broken["problem"].is_string() && broken["retry_at"].is_string(), "{broken:#}");
    assert_eq!(
        (&lines["state"], &lines["problem"], &lines["backlog_events"]),
        (&json!("ok"), &json!(null), &json!(0))
    );
}

#[test]
fn a_sink_s_lag_is_the_age_of_the_oldest_event_that_it_has_not_delivered() {
    let (place, exporter) = half_broken();
    let before = status(&exporter);
    let lag = |status: &Value| status["sinks"][0]["lag_seconds"].as_f64().expect("a number");
    // What comes later makes it no smaller.
    write(&mut place.ring(1 << 20), 11..12);
    eventually("the later one is delivered by the other", || status(&exporter)["sinks"][1]["sent"] == 11);
    let after = status(&exporter);
    assert_eq!(after["sinks"][0]["backlog_events"], 11);
    assert!(lag(&after) > lag(&before), "{before:#} {after:#}");
}

#[test]
fn the_status_is_for_who_asks_by_a_name_of_the_exporter_and_only_to_read() {
    let place = Place::with("");
    let exporter = place.run();
    let address = exporter.address();
    assert_eq!(get(&address, "/api/status", "evil.example").0, 403);
    let mut stream = std::net::TcpStream::connect(&address).expect("connected");
    let request = "POST /api/status HTTP/1.0\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    std::io::Write::write_all(&mut stream, request.as_bytes()).expect("sent");
    let mut response = String::new();
    std::io::Read::read_to_string(&mut stream, &mut response).expect("received");
    assert!(response.starts_with("HTTP/1.0 405") || response.starts_with("HTTP/1.1 405"), "{response}");
}

#[test]
fn top_shows_once_what_is_wrong_in_words() {
    let (place, exporter) = half_broken();
    let output = top(&place, &["--once", "--interval", "100ms"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    let address = exporter.address();
    assert!(shown.starts_with(&format!("offpath {}  {address}  up ", env!("CARGO_PKG_VERSION"))), "{shown}");
    for expected in [
        "not ready\n",
        "events   0/s",
        "10 in all\n",
        "\nbroken  jsonl  retrying       0  ",
        "\nlines   jsonl  ok             0  ",
    ] {
        assert!(shown.contains(expected), "{expected:?} is not in\n{shown}");
    }
    assert!(shown.contains("  for ") && !shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn top_shows_a_sink_that_waits_for_somebody_and_what_is_to_be_done() {
    let receiver = Receiver::start();
    receiver.always(Reply::status(401));
    let place = Place::with(&format!(
        "[sinks.web]\ntype = \"otlp\"\nendpoint = \"http://{}/v1/traces\"\nbatch.max_age = \"10ms\"\n",
        receiver.address()
    ));
    write(&mut place.ring(1 << 20), 1..11);
    let exporter = place.run();
    eventually("it is blocked", || status(&exporter)["sinks"][0]["state"] == "blocked");
    let shown = text(&top(&place, &["--once", "--interval", "100ms"]).stdout);
    for expected in ["not ready\n", "\nweb   otlp  blocked ", "answers 401", "check the keys of this sink"] {
        assert!(shown.contains(expected), "{expected:?} is not in\n{shown}");
    }
}

#[test]
fn top_tells_programs_rates_of_what_comes_in() {
    const EVENTS: u128 = 200;
    let place = Place::with(SINKS);
    fs::write(place.lines_file(), "").expect("written");
    let exporter = place.run();
    exporter.address();
    let mut ring = place.ring(1 << 20);
    let mut command = place.command();
    command.args(["top", "--json", "--interval", "100ms"]).stdout(Stdio::piped());
    let mut top = command.spawn().expect("started");
    let lines = std::io::BufRead::lines(std::io::BufReader::new(top.stdout.take().expect("a pipe")));
    let (mut written, mut most, mut most_sent) = (false, 0.0_f64, 0.0_f64);
    for line in lines {
        let look: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        if !written {
            write(&mut ring, 1..EVENTS + 1);
            written = true;
        }
        let rate = |rate: &Value| rate.as_f64().unwrap_or(0.0);
        most = most.max(rate(&look["rates"]["events"]["asgi"]));
        most_sent = most_sent.max(rate(&look["rates"]["sinks"]["lines"]["sent"]));
        if look["events"]["asgi"] == 200 && look["sinks"][1]["sent"] == 200 {
            break;
        }
    }
    top.kill().expect("killed");
    top.wait().expect("waited for");
    assert!(most > 0.0 && most_sent > 0.0, "{most} came in a second, and {most_sent} went out");
}

#[test]
fn top_without_an_exporter_says_where_it_looked() {
    let place = Place::with("");
    let output = top(&place, &["--once"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(told.contains("no exporter answers: ") && told.contains("data/http.addr"), "{told}");
    let output = top(&place, &["--once", "--address", "127.0.0.1:1"]);
    assert!(
        text(&output.stderr).contains("no exporter answers at 127.0.0.1:1: "),
        "{}",
        text(&output.stderr)
    );
    let output = top(&place, &["--interval", "1ms"]);
    assert_eq!(output.status.code(), Some(64));
}

#[test]
fn top_draws_in_place_and_leaves_the_terminal_as_it_was() {
    let (place, _exporter) = half_broken();
    let mut terminal = Terminal::new(80, 24);
    let mut command = place.command();
    command.env("TERM", "xterm-256color").args(["top", "--interval", "100ms"]);
    let mut top = terminal.start(&mut command);
    terminal
        .wait_for("it is drawn", |screen| screen.iter().any(|line| line.starts_with("lines   jsonl  ok")));
    let screen = terminal.screen();
    assert!(screen.len() <= 24 && screen.iter().all(|line| line.chars().count() <= 80), "{screen:#?}");
    assert!(terminal.seen().starts_with("\u{1b}[?1049h"), "it is the alternate screen");
    assert!(terminal.seen().contains("\u{1b}[31m"), "what is wrong is red or yellow");
    terminal.resize(40, 8);
    terminal.wait_for("it is drawn anew", |screen| {
        screen.len() <= 8 && screen.iter().all(|line| line.chars().count() <= 40)
    });
    terminal.press(b"q");
    let status = top.wait().expect("waited for");
    assert_eq!(status.code(), Some(0));
    assert!(terminal.rest().ends_with("\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"), "the screen is as it was");
    assert!(terminal.takes_lines(), "the terminal takes lines again");
}

#[test]
fn top_waits_for_an_exporter_that_is_not_there_yet_and_ends_by_ctrl_c() {
    let place = Place::with("");
    let mut terminal = Terminal::new(100, 30);
    let mut command = place.command();
    command.env("TERM", "xterm").env("NO_COLOR", "1").args(["top", "--interval", "100ms"]);
    let mut top = terminal.start(&mut command);
    terminal.wait_for("it says so", |screen| screen.concat().contains("no exporter answers"));
    let exporter = place.run();
    exporter.address();
    terminal.wait_for("it is there", |screen| screen.concat().contains("ready"));
    assert!(!terminal.seen().contains("\u{1b}[3"), "no colours");
    terminal.press(&[3]);
    assert_eq!(top.wait().expect("waited for").code(), Some(0));
}
