use super::*;
use crate::cli::top::status::{Counts, Producer, Sink, Spool};

fn counts(counts: &[(&str, u64)]) -> Counts {
    counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

fn sinks() -> Vec<Sink> {
    let ok = Sink { state: "ok".to_owned(), ..Sink::default() };
    let sink = |name: &str, kind: &str| Sink { name: name.to_owned(), r#type: kind.to_owned(), ..ok.clone() };
    vec![
        Sink { sent: 9_000, lag_seconds: 0.2, ..sink("local", "sqlite") },
        Sink {
            state: "retrying".to_owned(),
            problem: Some(
                "connect: connection refused (os error 111) at http://collector:4318/v1/traces".to_owned(),
            ),
            since: Some("2026-11-20T07:57:55Z".to_owned()),
            retry_at: Some("2026-11-20T08:00:12Z".to_owned()),
            lag_seconds: 125.0,
            backlog_events: 123_456,
            errors: counts(&[("connect", 10)]),
            concurrency: 8,
            ..sink("collector", "otlp")
        },
        Sink {
            sent: 4_500,
            lag_seconds: 1.5,
            backlog_events: 812,
            dropped: counts(&[("spool_full", 0), ("undecodable", 3), ("refused", 2)]),
            dead_letters: 2,
            parcels: 1,
            in_flight: 3,
            concurrency: 16,
            ..sink("langfuse", "langfuse")
        },
    ]
}

fn status() -> Status {
    Status {
        version: "0.1.0".to_owned(),
        at: "2026-11-20T08:00:00Z".to_owned(),
        started_at: "then".to_owned(),
        uptime_seconds: 7_325.0,
        ready: false,
        problems: vec!["sink collector: retrying: connect".to_owned(), "spool: the disk is full".to_owned()],
        events: counts(&[("asgi", 1_234_567), ("envoy", 1_000)]),
        dropped: counts(&[("ring_full", 12), ("too_big", 0)]),
        producers: vec![
            Producer { name: "41".to_owned(), used_ratio: 0.02 },
            Producer { name: "42".to_owned(), used_ratio: 0.5 },
        ],
        spool: Spool { bytes: 9 << 30, max_bytes: 10 << 30, records: 7_000_000, oldest_seconds: Some(130.0) },
        sinks: sinks(),
        ..Status::default()
    }
}

fn shown(status: &Status, columns: usize, rows: usize) -> Vec<String> {
    let mut rates = Rates::default();
    let mut before = Status { uptime_seconds: status.uptime_seconds - 5.0, ..status.clone() };
    before.events.insert("asgi".to_owned(), 1_230_567);
    before.dropped.insert("ring_full".to_owned(), 2);
    before.sinks.iter_mut().for_each(|sink| (sink.sent, sink.errors) = (sink.sent / 2, Counts::new()));
    rates.see(&before);
    rates.see(status);
    let lines = all(status, &rates, "127.0.0.1:8790", columns, rows);
    lines.iter().map(|line| anstream::adapter::strip_str(&line.styled(columns)).to_string()).collect()
}

#[test]
fn at_120_columns_all_is_there() {
    let expected = "\
offpath 0.1.0  127.0.0.1:8790  up 2h 2m  not ready
! spool: the disk is full

events   800/s     asgi 800/s  envoy 0/s  1,235,567 in all
dropped  2.0/s     12 in all  ring_full 12
rings    ▕██████████          ▏ 50%  2 rings, the fullest that of process 42
spool    ▕██████████████████  ▏ 90%  9.0 GiB of 10.0 GiB, oldest 2m 10s, 7,000,000 records

SINK       TYPE      STATE     SENT/S    LAG  BACKLOG  ERRORS/S  DROPPED  DEAD  IN FLIGHT
collector  otlp      retrying       0  2m 5s  123,456       2.0        0     0        0/8
  for 2m 5s, again in 12s: connect: connection refused (os error 111) at http://collector:4318/v1/traces
local      sqlite    ok           900   0.2s        0         0        0     0          -
langfuse   langfuse  ok           450   1.5s      812         0        3     2       3/16
  dropped: undecodable 3
  2 dead letters: `offpath dead-letters list` says why
  1 parcel of events still to be sent again";
    assert_eq!(shown(&status(), 120, 40).join("\n"), expected);
}

#[test]
fn at_80_columns_what_matters_least_is_left_out() {
    let expected = "\
offpath 0.1.0  127.0.0.1:8790  up 2h 2m  not ready
! spool: the disk is full

events   800/s     asgi 800/s  envoy 0/s  1,235,567 in all
dropped  2.0/s     12 in all  ring_full 12
rings    ▕██████████          ▏ 50%  2 rings, the fullest that of process 42
spool    ▕██████████████████  ▏ 90%  9.0 GiB of 10.0 GiB, oldest 2m 10s, 7,000,…

SINK       TYPE      STATE     SENT/S    LAG  BACKLOG  ERRORS/S  DROPPED  DEAD
collector  otlp      retrying       0  2m 5s  123,456       2.0        0     0
  for 2m 5s, again in 12s: connect: connection refused (os error 111) at
  http://collector:4318/v1/traces
local      sqlite    ok           900   0.2s        0         0        0     0
langfuse   langfuse  ok           450   1.5s      812         0        3     2
  dropped: undecodable 3
  2 dead letters: `offpath dead-letters list` says why
  1 parcel of events still to be sent again";
    assert_eq!(shown(&status(), 80, 40).join("\n"), expected);
}

#[test]
fn at_60_columns_what_matters_is_there() {
    let expected = "\
offpath 0.1.0  127.0.0.1:8790  up 2h 2m  not ready
! spool: the disk is full

events   800/s     asgi 800/s  envoy 0/s  1,235,567 in all
dropped  2.0/s     12 in all  ring_full 12
rings     50%  2 rings, the fullest that of process 42
spool     90%  9.0 GiB of 10.0 GiB, oldest 2m 10s, 7,000,00…

SINK       STATE     SENT/S    LAG  BACKLOG  DROPPED  DEAD
collector  retrying       0  2m 5s  123,456        0     0
  for 2m 5s, again in 12s: connect: connection refused (os
  error 111) at http://collector:4318/v1/traces
local      ok           900   0.2s        0        0     0
langfuse   ok           450   1.5s      812        3     2
  dropped: undecodable 3
  2 dead letters: `offpath dead-letters list` says why
  1 parcel of events still to be sent again";
    assert_eq!(shown(&status(), 60, 40).join("\n"), expected);
}

#[test]
fn at_200_columns_nothing_is_cut() {
    assert!(!shown(&status(), 200, 40).concat().contains('…'));
}

#[test]
fn no_line_is_longer_than_the_terminal_is_wide() {
    let mut status = status();
    status.sinks[0].name = "日本".repeat(40);
    status.problems.push("x".repeat(500));
    for columns in 0..200 {
        for line in shown(&status, columns, 40) {
            assert!(crate::cli::fit::width(&line) <= columns, "{columns}: {line}");
        }
    }
}

#[test]
fn where_rows_are_few_less_is_told_of_each_sink_and_then_what_has_no_room_is_counted() {
    let whole = shown(&status(), 80, 40).len();
    let lines = shown(&status(), 80, whole - 1);
    assert_eq!(
        (lines.len(), lines[10].as_str().ends_with("(os error 111) at http:/…")),
        (whole - 1, true),
        "{lines:#?}"
    );
    let lines = shown(&status(), 80, 12);
    assert_eq!((lines.len(), &lines[11][..8]), (12, "langfuse"), "{lines:#?}");
    let lines = shown(&status(), 80, 10);
    assert_eq!((lines.len(), lines[9].as_str()), (10, "… 3 more lines"), "{lines:#?}");
}

#[test]
fn strangers_names_do_not_steer_the_terminal() {
    let mut status = status();
    status.sinks[0].problem = Some("\u{1b}[2J\nx\u{202e}".to_owned());
    status.producers[1].name = "\u{1b}]0;t\u{7}".to_owned();
    let text = shown(&status, 200, 40).concat();
    assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
}
