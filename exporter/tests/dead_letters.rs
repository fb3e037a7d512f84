//! `offpath dead-letters`.

use std::{fs, process::Output};

use offpath_core::event::{Event, Kind};
use offpath_exporter::{
    dead_letters::{DeadLetters, Letter},
    resend::Resends,
};
use serde_json::Value;

use crate::framework::{
    Place,
    events::{exchange, write},
    eventually,
    receiver::{Receiver, Reply},
};

const SINKS: &str = "[sinks.lines]\ntype = \"jsonl\"\npath = \"${LINES}\"\n[sinks.more]\ntype = \"stdout\"\n";

/// Letters as a sink leaves them.
fn add(place: &Place, sink: &str, why: &str, events: &[Event]) {
    let letters = DeadLetters::open(&place.data(), 1 << 30).expect("opened");
    let at_unix_ns = 1_795_161_600_000_000_000;
    letters.add(&Letter { sink, reason: "refused", why, at_unix_ns, events }).expect("written");
}

fn place() -> Place {
    let place = Place::with(SINKS);
    add(&place, "lines", "status 400: no such field", &[exchange(5), exchange(0x1_0000_0006)]);
    add(&place, "more", "status 413: too large", &[exchange(7)]);
    place
}

fn offpath(place: &Place, arguments: &[&str]) -> Output {
    place.command().arg("dead-letters").args(arguments).output().expect("run")
}

/// Standard output of a command that succeeds.
fn told(place: &Place, arguments: &[&str]) -> String {
    let output = offpath(place, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).expect("text")
}

/// Exit code and standard error of one that fails.
fn refused(place: &Place, arguments: &[&str]) -> (Option<i32>, String) {
    let output = offpath(place, arguments);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// What a sink would pick up: the ids of its parcels' events.
fn resent(place: &Place, sink: &str) -> Vec<u128> {
    let mut resends = Resends::new(&place.data(), sink);
    let mut ids = Vec::new();
    while let Some(parcel) = resends.next().expect("read") {
        ids.extend(parcel.events.iter().map(Event::id));
        parcel.done().expect("removed");
    }
    ids
}

#[test]
fn letters_are_listed_with_what_they_are_and_why() {
    let place = place();
    let lines: Vec<String> = told(&place, &["list"]).lines().map(str::to_owned).collect();
    let expected = [
        "ID        WHEN                  SINK   REASON     WHAT                                  WHY",
        "00000005  2026-11-20 08:00:00Z  lines  refused    POST /v1/chat/completions 200         status 400: no such field",
        "00000006  2026-11-20 08:00:00Z  lines  refused    POST /v1/chat/completions 200         status 400: no such field",
        "00000007  2026-11-20 08:00:00Z  more   refused    POST /v1/chat/completions 200         status 413: too large",
        "3 dead letters",
    ];
    assert_eq!(lines, expected);
    assert!(told(&place, &["list", "--sink", "more"]).ends_with("\n1 dead letter\n"));
    assert_eq!(told(&place, &["list", "--sink", "other"]), "no dead letters\n");
}

#[test]
fn letters_are_listed_for_programs() {
    let place = place();
    let lines = told(&place, &["list", "--json", "--sink", "more"]);
    let line: Value = serde_json::from_str(lines.trim_end()).expect("one line of JSON");
    let expected = serde_json::json!({
        "sink": "more", "reason": "refused", "why": "status 413: too large", "at": "2026-11-20T08:00:00.000000000Z",
        "id": format!("{:032x}", 7), "kind": "exchange",
    });
    assert_eq!(line, expected);
}

#[test]
fn a_letter_is_shown_with_its_event_by_a_part_of_its_id() {
    let place = place();
    let shown = told(&place, &["show", "00000005"]);
    let (head, event) = shown.split_once("\n\n").expect("two parts");
    assert!(head.contains("sink    lines") && head.contains("why     status 400: no such field"), "{head}");
    let event: Value = serde_json::from_str(event).expect("JSON");
    assert_eq!(event["path"], "/v1/chat/completions");
    let line: Value = serde_json::from_str(&told(&place, &["show", "7", "--json"])).expect("JSON");
    assert_eq!(
        (&line["reason"], &line["event"]),
        (
            &"refused".into(),
            &serde_json::from_str(&offpath_exporter::event_json::to_string(&exchange(7))).expect("JSON")
        )
    );
}

#[test]
fn what_strangers_wrote_does_not_steer_the_terminal() {
    let place = Place::with(SINKS);
    let mut event = exchange(1);
    let Some(Kind::Exchange(hostile)) = &mut event.kind else { unreachable!("it is an exchange") };
    hostile.path = "/\u{1b}[2J\u{9b}31m\u{202e}".to_owned();
    add(&place, "lines", "\u{1b}]0;owned\u{7}", &[event]);
    for arguments in [["list"].as_slice(), &["show", "1"]] {
        let told = told(&place, arguments);
        let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!told.contains(steers), "{told:?}");
    }
}

#[test]
fn letters_that_are_retried_become_parcels_of_their_sink() {
    let place = place();
    assert_eq!(told(&place, &["retry", "00000005"]), "lines: 1 dead letter to be sent again\n");
    assert_eq!(resent(&place, "lines"), [5]);
    assert_eq!(told(&place, &["retry", "--sink", "lines"]), "lines: 1 dead letter to be sent again\n");
    assert_eq!(resent(&place, "lines"), [0x1_0000_0006]);
    assert_eq!(told(&place, &["retry", "--all"]), "more: 1 dead letter to be sent again\n");
    assert_eq!(resent(&place, "more"), [7]);
    assert_eq!(told(&place, &["retry", "--all"]), "no dead letters\n");
}

#[test]
fn letters_of_a_sink_that_is_no_longer_configured_stay() {
    let place = place();
    place.configure("", "[sinks.lines]\ntype = \"jsonl\"\npath = \"${LINES}\"\n");
    let (code, error) = refused(&place, &["retry", "--all"]);
    assert_eq!(
        (code, error.trim_end()),
        (Some(1), "offpath: sink more is not configured; left there: 1 dead letter")
    );
    assert_eq!((resent(&place, "lines").len(), resent(&place, "more").len()), (2, 0));
    assert!(told(&place, &["list"]).ends_with("1 dead letter\n"));
}

#[test]
fn a_damaged_letter_is_listed_and_is_not_sent() {
    let place = place();
    let path = place.data().join(format!("dead-letters/more/{:032x}.letter", 7));
    let mut bytes = fs::read(&path).expect("read");
    *bytes.last_mut().expect("not empty") ^= 1;
    fs::write(&path, bytes).expect("written");
    assert!(told(&place, &["list", "--sink", "more"]).contains("damaged    -  "));
    assert_eq!(refused(&place, &["retry", "--all"]).0, Some(1));
    assert_eq!((resent(&place, "lines").len(), resent(&place, "more").len()), (2, 0));
}

#[test]
fn which_letter_is_meant_has_to_be_clear() {
    let place = place();
    for (arguments, code, expected) in [
        (["show", "0000"].as_slice(), 64, "0000 stands for 3 letters; write more of it"),
        (&["show", "xyz"], 64, "an ID is up to 32 hexadecimal digits, got \"xyz\""),
        (&["show", "abc"], 1, "no dead letter has an ID that begins or ends with abc"),
        (&["retry"], 64, "name the letters by their IDs"),
        (&["retry", "5", "--all"], 64, "cannot be used with"),
    ] {
        let (found, error) = refused(&place, arguments);
        assert!(found == Some(code) && error.contains(expected), "{arguments:?}: {found:?} {error}");
    }
}

#[test]
fn a_data_directory_that_is_not_there_is_named() {
    let place = Place::with(SINKS);
    let (code, error) = refused(&place, &["list"]);
    assert_eq!(code, Some(1));
    assert!(error.contains("exporter.data_dir") && error.contains("--config"), "{error}");
}

#[test]
fn what_a_backend_refused_it_gets_once_it_takes_it() {
    let receiver = Receiver::start();
    let bad = |ids: &[u128]| if ids.contains(&3) { Reply::status(400) } else { Reply::Taken };
    receiver.answers(bad);
    let place = Place::with(&format!(
        "[sinks.web]\ntype = \"otlp\"\nendpoint = \"http://{}/v1/traces\"\nbatch = {{ max_age = \"10ms\" }}\n",
        receiver.address()
    ));
    let exporter = place.run();
    exporter.address();
    write(&mut place.ring(1 << 20), 1..6);
    eventually("four are taken, and one is set aside", || {
        receiver.taken() == [1, 2, 4, 5] && told(&place, &["list"]).contains("00000003")
    });
    // Refused again, it is a letter again.
    told(&place, &["retry", "--all"]);
    eventually("it is back", || told(&place, &["list"]).contains("00000003") && !parcels_wait(&place, "web"));
    receiver.always(Reply::Taken);
    told(&place, &["retry", "3"]);
    eventually("it is delivered", || receiver.taken() == [1, 2, 3, 4, 5]);
    eventually("its parcel is gone", || !parcels_wait(&place, "web"));
    assert_eq!(told(&place, &["list"]), "no dead letters\n");
}

fn parcels_wait(place: &Place, sink: &str) -> bool {
    Resends::new(&place.data(), sink).waiting().expect("read") > 0
}
