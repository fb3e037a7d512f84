//! What is served over HTTP.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

use offpath_ring::Producer;
use prometheus_client::encoding::prometheus_protobuf::prometheus_data_model::MetricFamily;
use prost::Message as _;
use serde_json::Value;

use crate::framework::{
    Place, Running,
    events::{EVENT, exchange, write},
    eventually, get,
};

#[test]
fn a_healthy_exporter_is_alive_and_ready() {
    let exporter = Place::new();
    let exporter = exporter.run();
    assert_eq!(exporter.get("/healthz"), (200, "alive\n".to_owned()));
    assert_eq!(exporter.get("/readyz"), (200, "ready\n".to_owned()));
    assert_eq!(exporter.get("/nothing").0, 404);
}

#[test]
fn requests_by_another_name_are_refused() {
    let place = Place::new();
    let exporter = place.run();
    let address = exporter.address();
    for path in ["/healthz", "/readyz", "/metrics", "/api/tail"] {
        assert_eq!(get(&address, path, "evil.example").0, 403, "{path}");
        assert_eq!(get(&address, path, "127.0.0.1.evil.example:8790").0, 403, "{path}");
    }
    assert_eq!(get(&address, "/healthz", "localhost:1").0, 200);
}

#[test]
fn a_name_that_is_configured_is_served() {
    let place = Place::with("");
    place.configure("hosts = [\"offpath.internal\"]", "");
    let exporter = place.run();
    assert_eq!(get(&exporter.address(), "/healthz", "offpath.internal:8790").0, 200);
}

#[test]
fn metrics_have_the_names_that_are_documented_and_count() {
    let place = Place::new();
    let exporter = place.run();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..11);
    ring.count_loss(offpath_ring::LossReason::Trap, 2);
    eventually("all is delivered", || place.stored().len() == 11 && place.listed().len() == 11);
    let sent = |sink: &str| exporter.count(&format!("offpath_sink_sent_total{{sink=\"{sink}\"}}"));
    eventually("it is counted", || sent("db") == 11 && sent("lines") == 11);
    eventually("nothing is pending", || {
        exporter.metric::<f64>("offpath_sink_lag_seconds{sink=\"db\"}") == 0.0
    });
    let (content_type, body) = scrape(&exporter, "application/openmetrics-text; version=1.0.0");
    assert_eq!(content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let samples = open_metrics(std::str::from_utf8(&body).expect("text"));
    assert_eq!(samples["offpath_events_total{source=\"asgi\"}"], 10.0);
    let request = "service=\"chat-api\",route=\"\",method=\"POST\",status=\"200\"";
    assert_eq!(samples[&format!("offpath_request_duration_seconds_count{{{request}}}")], 10.0);
    assert_eq!(samples[&format!("offpath_request_duration_seconds_bucket{{le=\"0.05\",{request}}}")], 10.0);
    assert_eq!(samples["offpath_dropped_total{reason=\"trap\"}"], 2.0);
    assert_eq!(samples["offpath_sink_sent_total{sink=\"db\"}"], 11.0);
    assert_eq!(samples["offpath_sink_lag_seconds{sink=\"db\"}"], 0.0);
    assert!(samples["offpath_spool_bytes"] > 0.0);
    let used = format!("offpath_ring_used_ratio{{producer=\"{}\"}}", std::process::id());
    assert!((0.0..=1.0).contains(&samples[&used]));
    // What has not happened yet is 0, so that the first time shows as a rise.
    assert_eq!(samples["offpath_sink_dropped_total{sink=\"db\",reason=\"spool_full\"}"], 0.0);
    assert_eq!(samples["offpath_dropped_total{reason=\"ring_full\"}"], 0.0);
    assert_eq!(samples["offpath_sink_up{sink=\"db\"}"], 1.0);
    assert_eq!(samples["offpath_sink_backlog_events{sink=\"db\"}"], 0.0);
    assert_eq!(samples["offpath_sink_dead_letters{sink=\"db\"}"], 0.0);
    assert_eq!(samples["offpath_spool_max_bytes"], f64::from(10 << 10) * f64::from(1 << 20));
    assert!((0.0..3600.0).contains(&samples["offpath_spool_oldest_seconds"]));
    assert_eq!(samples[&format!("offpath_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))], 1.0);
    assert!(samples["process_resident_memory_bytes"] > 1e6 && samples["process_cpu_seconds_total"] > 0.0);
}

#[test]
fn who_asks_for_nothing_gets_metrics_as_plain_text() {
    let place = Place::new();
    let exporter = place.run();
    let (content_type, body) = scrape(&exporter, "*/*");
    assert_eq!(content_type, "text/plain; version=0.0.4; charset=utf-8");
    let text = String::from_utf8(body).expect("text");
    assert!(text.contains("\n# TYPE offpath_masked_total counter\n") && !text.contains("# EOF"), "{text}");
}

#[test]
fn who_reads_messages_gets_native_histograms_with_the_classic_buckets_beside() {
    let place = Place::with("");
    let exporter = place.run();
    let mut ring = place.ring(1 << 20);
    write(&mut ring, 1..11);
    eventually("all is counted", || exporter.count("offpath_events_total{source=\"asgi\"}") == 10);
    let protobuf =
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
    let (content_type, body) = scrape(&exporter, &format!("{protobuf},text/plain;q=0.5"));
    assert_eq!(content_type.replace(' ', ""), protobuf);
    let mut body = body.as_slice();
    let mut families = BTreeMap::new();
    while !body.is_empty() {
        let family = MetricFamily::decode_length_delimited(&mut body).expect("a message");
        families.insert(family.name.clone(), family);
    }
    let durations = &families["offpath_request_duration_seconds"].metric[0];
    let histogram = durations.histogram.as_ref().expect("a histogram");
    assert_eq!((histogram.sample_count, histogram.bucket.len()), (10, 16));
    assert_eq!((histogram.schema, histogram.positive_delta.as_slice()), (3, &[10][..]));
    assert_eq!(families["offpath_events_total"].metric[0].counter.as_ref().expect("a counter").value, 10.0);
}

/// What is served as metrics to who accepts this, with its type.
fn scrape(exporter: &Running, accept: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(exporter.address()).expect("connected");
    write!(stream, "GET /metrics HTTP/1.0\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n").expect("sent");
    let mut response = Vec::new();
    stream.read_to_end(&mut response).expect("received");
    let end = response.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let head = std::str::from_utf8(&response[..end]).expect("text");
    let content_type = head.lines().find_map(|line| line.strip_prefix("content-type: ")).expect("a type");
    (content_type.to_owned(), response[end + 4..].to_vec())
}

/// Reads the text as the OpenMetrics specification has it: each sample under its family's TYPE, EOF at the end.
fn open_metrics(text: &str) -> BTreeMap<String, f64> {
    let (mut samples, mut families) = (BTreeMap::new(), BTreeSet::new());
    let (mut family, mut kind) = ("", "");
    let body = text.strip_suffix("# EOF\n").expect("the end is marked");
    for line in body.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let [keyword, name, rest] = comment.splitn(3, ' ').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            assert!(["HELP", "TYPE", "UNIT"].contains(&keyword), "{line}");
            if keyword == "TYPE" {
                kind = rest;
            } else if keyword == "HELP" {
                assert!(families.insert(name.to_owned()), "{line}");
            }
            family = name;
            continue;
        }
        let (name, value) = line.rsplit_once(' ').expect(line);
        let bare = name.split('{').next().expect(line);
        let endings: &[&str] = match kind {
            "counter" => &["_total"],
            "info" => &["_info"],
            "histogram" => &["_sum", "_count", "_bucket"],
            _ => &[""],
        };
        assert!(endings.iter().any(|ending| bare == format!("{family}{ending}")), "{line}");
        assert!(samples.insert(name.to_owned(), value.parse().expect(line)).is_none(), "{line}");
    }
    samples
}

/// Starts `offpath tail`, and writes events until the first is seen.
pub(crate) fn tail(
    place: &Place,
    ring: &mut Producer,
    arguments: &[&str],
) -> (Running, std::path::PathBuf, u128) {
    let seen = place.path().join("tail");
    let mut command = place.command();
    command.arg("tail").args(arguments).stdout(File::create(&seen).expect("a file"));
    let child = command.spawn().expect("started");
    let tail = Running::of(child, place);
    let mut next = 1;
    eventually("the first event is seen", || {
        write(ring, next..next + 1);
        next += 1;
        fs::read_to_string(&seen).expect("read").ends_with('\n')
    });
    (tail, seen, next)
}

#[test]
fn tail_shows_events_as_they_come() {
    let place = Place::new();
    let exporter = place.run();
    exporter.address();
    let mut ring = place.ring(4 << 20);
    let (_tail, seen, next) = tail(&place, &mut ring, &["--json"]);
    write(&mut ring, next..next + 100);
    let last = format!("{:032x}", next + 99);
    eventually("the last event is seen", || fs::read_to_string(&seen).expect("read").contains(&last));
    let text = fs::read_to_string(&seen).expect("read");
    let ids: Vec<u128> = text.lines().map(id).collect();
    let first = ids[0];
    assert_eq!(ids, (first..next + 100).collect::<Vec<u128>>());
}

fn id(line: &str) -> u128 {
    let event: Value = serde_json::from_str(line).expect("JSON");
    u128::from_str_radix(event["id"].as_str().expect("an id"), 16).expect("hexadecimal")
}

#[test]
fn tail_is_for_people_by_default() {
    let place = Place::new();
    let exporter = place.run();
    exporter.address();
    let mut ring = place.ring(4 << 20);
    let (_tail, seen, _) = tail(&place, &mut ring, &[]);
    let text = fs::read_to_string(&seen).expect("read");
    let expected = "08:00:00.123  200    41.0ms      600B in    8.8KiB out  POST    /v1/chat/completions";
    assert_eq!(text.lines().next(), Some(expected));
}

#[test]
fn a_slow_follower_is_told_how_many_events_it_missed() {
    const EVENTS: u128 = 40_000;
    let place = Place::with("");
    let exporter = place.run();
    let mut stream = TcpStream::connect(exporter.address()).expect("connected");
    write!(stream, "GET /api/tail HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("sent");
    let mut lines = BufReader::new(stream).lines().map(|line| line.expect("a line"));
    lines.find(String::is_empty).expect("the end of the head");

    let mut ring = place.ring(64 << 20);
    for id in 1..=EVENTS {
        ring.write(EVENT, &exchange(id).to_bytes()).expect("room");
    }
    eventually("all is taken", || ring.used() == 0);
    let (mut seen, mut missed) = (0, 0);
    while seen + missed < EVENTS {
        let line = lines.next().expect("a line");
        if line.is_empty() {
            continue;
        }
        let event: Value = serde_json::from_str(&line).expect("JSON");
        match event["kind"].as_str() {
            Some("missed") => missed += u128::from(event["count"].as_u64().expect("a count")),
            _ => {
                seen += 1;
                assert_eq!(id(&line), seen + missed);
            }
        }
    }
    assert!(missed > 0, "the socket took all of it");
}
