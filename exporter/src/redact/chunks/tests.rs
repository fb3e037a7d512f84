//! From the chunks that pass the core to the lines that are stored.

use std::io::Write as _;

use brotli::CompressorWriter;
use flate2::{
    Compression,
    write::{GzDecoder, GzEncoder, ZlibDecoder, ZlibEncoder},
};
use offpath_core::{
    Capture, Config, End, Finished, RequestHead, Start,
    event::{Arrivals, Event, Exchange, Kind, MOST_ARRIVALS, Outcome},
    limits::MARGIN,
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::redact::Treatments;

/// When chunk number `n` arrives.
fn time(chunk: usize) -> u64 {
    1_000 + chunk as u64 * 7_000_000
}

/// The exchange that is stored of a response in these chunks.
fn stored(rules: &Value, headers: &[(&str, &str)], chunks: &[&[u8]]) -> Exchange {
    let config = Config::from_json(&json!({ "capture": rules })).expect("a valid configuration");
    let start = Start { unix_ns: 1, event_id: 2, trace_id: 3, span_id: 4, parent: None };
    let capture = Capture::new(config, "asgi");
    let head = RequestHead { method: b"POST", path: b"/", ..RequestHead::default() };
    let mut exchange = capture.begin(start, &head, std::iter::empty()).expect("it is recorded");
    exchange.response_head(200, headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
    for (number, chunk) in chunks.iter().enumerate() {
        exchange.response_body(time(number), chunk.to_vec(), 0, Vec::new());
    }
    let end = End {
        elapsed_ns: u64::MAX,
        outcome: Outcome::Completed,
        route: b"",
        error: None,
        websocket: None,
        grpc_status: None,
        proxy: None,
        scope: &[],
    };
    let Finished::Event(event) = exchange.finish(&end, usize::MAX) else { panic!("no event") };
    let mut event = Event::from_bytes(&event).expect("an event");
    Treatments::default().treat(&mut event);
    match event.kind {
        Some(Kind::Exchange(exchange)) => exchange,
        _ => panic!("no exchange"),
    }
}

fn head(exchange: &Exchange) -> &[u8] {
    let body = exchange.response.as_ref().and_then(|response| response.body.as_ref());
    body.map(|body| body.head.as_slice()).unwrap_or_default()
}

/// In which chunk each line of a text ends that was cut at these offsets.
fn chunks_of_lines(text: &[u8], chunks: &[&[u8]]) -> Vec<usize> {
    let ends = chunks.iter().scan(0, |end, chunk| {
        *end += chunk.len();
        Some(*end)
    });
    let ends: Vec<usize> = ends.collect();
    let lines = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    lines.map(|(at, _)| ends.partition_point(|end| *end <= at)).collect()
}

/// Up to which offset it is known when what came, if the core holds so many of the first bytes.
fn known(chunks: &[&[u8]], held: usize) -> usize {
    let starts = chunks.iter().scan(0, |start, chunk| {
        *start += chunk.len();
        Some(*start)
    });
    let starts: Vec<usize> = starts.take(chunks.len() - 1).collect();
    let beyond = starts.iter().position(|start| *start >= held);
    match (starts.len(), beyond.unwrap_or(usize::MAX).min(MOST_ARRIVALS - 1)) {
        (0, _) => usize::MAX,
        _ if held == 0 => 0,
        (_, last) => starts.get(last).copied().unwrap_or(usize::MAX),
    }
}

fn cut<'t>(text: &'t [u8], cuts: &[usize]) -> Vec<&'t [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
    cuts.extend([0, text.len()]);
    cuts.sort_unstable();
    let pieces = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]);
    pieces.filter(|piece| !piece.is_empty()).collect()
}

#[test]
fn each_line_of_a_stream_says_when_it_came_however_long_its_masks_are() {
    let chunks: [&[u8]; 4] = [
        b"data: {\"role\": \"assistant\"}\n\ndata: {\"token\": \"sk-proj-abcdefghij0123456789\"",
        b"}\n\n: ping\n\n",
        b"data: {\"content\": \"It\"}\n",
        b"\ndata: [DONE]\n\n",
    ];
    let exchange = stored(&json!({}), &[("content-type", "text/event-stream")], &chunks);
    assert!(head(&exchange).windows(10).any(|shown| shown == b"[redacted]"));
    let arrivals = Arrivals::of(&exchange);
    let when: Vec<_> = (0..11).map(|line| arrivals.when(line)).collect();
    let expected = [0, 0, 1, 1, 1, 1, 2, 3, 3, 3].map(|chunk| Some(time(chunk)));
    assert_eq!(when, [&expected[..], &[None]].concat());
}

#[test]
fn lines_that_a_mask_swallows_are_none_and_those_after_it_came_when_they_did() {
    let chunks: [&[u8]; 4] =
        [b"{\n \"password\": {\n  \"a\":", b" 1,\n  \"b\": 2\n },", b"\n \"n\": 3\n", b"}"];
    let exchange = stored(&json!({}), &[("content-type", "application/json")], &chunks);
    let shown = b"{\n \"password\": \"[redacted]\",\n \"n\": 3\n}";
    assert_eq!(String::from_utf8_lossy(head(&exchange)), String::from_utf8_lossy(shown));
    let arrivals = Arrivals::of(&exchange);
    let when: Vec<_> = (0..5).map(|line| arrivals.when(line)).collect();
    assert_eq!(when, [Some(time(0)), Some(time(2)), Some(time(2)), Some(time(3)), None]);
}

#[test]
fn lines_beyond_what_was_noted_are_not_known() {
    let line: &[u8] = b"data: 1\n\n";
    let exchange = stored(&json!({}), &[("content-type", "text/event-stream")], &[line; 300]);
    let arrivals = Arrivals::of(&exchange);
    assert_eq!((arrivals.when(0), arrivals.when(255)), (Some(time(0)), Some(time(127))));
    assert_eq!(arrivals.when(256), None);
}

#[test]
fn of_json_that_is_shaped_lines_are_known_where_they_stay_lines() {
    let limits = json!({"json": {"max_string": 3}});
    let types = |name| [("content-type", name)];
    let chunks: [&[u8]; 3] = [b"{\"a\": \"long", b"er\"}\n{\"b\"", b": 2}\n"];
    let exchange = stored(&limits, &types("application/x-ndjson"), &chunks);
    assert!(head(&exchange).ends_with("… (+3 characters)\"}\n{\"b\":2}".as_bytes()));
    let arrivals = Arrivals::of(&exchange);
    assert_eq!((arrivals.when(0), arrivals.when(1)), (Some(time(1)), Some(time(2))));
    let chunks: [&[u8]; 2] = [b"{\n\"a\":", b" 1\n}"];
    let exchange = stored(&limits, &types("application/json"), &chunks);
    assert_eq!((head(&exchange), Arrivals::of(&exchange).when(0)), (&b"{\"a\":1}"[..], None));
}

#[test]
fn of_what_is_not_kept_or_not_looked_into_nothing_is_said() {
    for (headers, chunk) in [
        ([("content-type", "image/png")], &b"\n\n"[..]),
        ([("content-type", "text/plain; charset=utf-16le")], b"\n\0a\0"),
        ([("content-type", "text/plain; charset=utf-32")], b"\n"),
        ([("content-encoding", "compress")], b"\n"),
        ([("content-encoding", "zstd")], &zstd()),
    ] {
        let exchange = stored(&json!({}), &headers, &[&chunk[..1], &chunk[1..], b"\n\n"]);
        let response = exchange.response.expect("a response");
        assert!(response.arrivals.is_empty(), "{headers:?}: {response:?}");
    }
}

fn zstd() -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(&b"a\nb\n"[..], ruzstd::encoding::CompressionLevel::Fastest)
}

/// Each line encoded so that it can be decoded when it is there, as servers of streams do it.
fn encoded(encoding: &str, lines: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    let mut seen = 0;
    let mut take = |all: &[u8]| {
        pieces.push(all[seen..].to_vec());
        seen = all.len();
    };
    match encoding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            for line in lines {
                encoder.write_all(line).and_then(|()| encoder.flush()).expect("written");
                take(encoder.get_ref());
            }
            take(&encoder.finish().expect("encoded"));
        }
        "deflate" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
            for line in lines {
                encoder.write_all(line).and_then(|()| encoder.flush()).expect("written");
                take(encoder.get_ref());
            }
            take(&encoder.finish().expect("encoded"));
        }
        _ => {
            let mut encoder = CompressorWriter::new(Vec::new(), 4096, 5, 20);
            for line in lines {
                encoder.write_all(line).and_then(|()| encoder.flush()).expect("written");
                take(encoder.get_ref());
            }
            take(&encoder.into_inner());
        }
    }
    pieces
}

#[test]
fn lines_that_came_encoded_came_when_they_could_be_decoded() {
    let lines: Vec<Vec<u8>> = (0..9).map(|number| format!("data: {{\"n\": {number}}}\n\n").into()).collect();
    for encoding in ["gzip", "deflate", "br", "gzip, br"] {
        let mut pieces = encoded(encoding, &lines);
        if encoding == "gzip, br" {
            pieces = encoded("br", &encoded("gzip", &lines));
        }
        let headers = [("content-type", "text/event-stream"), ("content-encoding", encoding)];
        let chunks: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let exchange = stored(&json!({}), &headers, &chunks);
        assert_eq!(head(&exchange), lines.concat(), "{encoding}");
        let arrivals = Arrivals::of(&exchange);
        for line in 0..lines.len() {
            assert_eq!(arrivals.when(2 * line as u64), Some(time(line)), "{encoding}, {line}");
        }
    }
}

/// How much can be decoded of these bytes: another way to decode than the one that is tested.
fn decoded(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    if encoding == "gzip" {
        let mut decoder = GzDecoder::new(Vec::new());
        let _ = decoder.write_all(bytes).and_then(|()| decoder.flush());
        return decoder.get_ref().clone();
    }
    let mut decoder = ZlibDecoder::new(Vec::new());
    let _ = decoder.write_all(bytes).and_then(|()| decoder.flush());
    decoder.get_ref().clone()
}

const SECRETS: [&str; 4] =
    ["", "sk-proj-abcdefghij0123456789", "Bearer abc123", "\", \"password\": \"hunter2"];

/// Types of streams, and what stands before and after each document.
const STREAMS: [(&str, [&str; 2]); 3] = [
    ("text/event-stream", ["data: ", "\n\n"]),
    ("application/x-ndjson", ["", "\n"]),
    ("text/plain", ["> ", "\r\n"]),
];

/// Documents with secrets in them, one on a line, as the body of one type or another.
fn stream() -> impl Strategy<Value = (&'static str, Vec<Vec<u8>>)> {
    let line = (select(&SECRETS[..]), 0_usize..4, "[a-z ]{0,20}");
    (vec(line, 1..30), select(&STREAMS[..])).prop_map(|(lines, (content_type, [before, after]))| {
        let line = |(secret, times, text): (&str, usize, String)| {
            let secrets = secret.repeat(times);
            format!("{before}{{\"delta\": \"{text} {secrets} {text}\"}}{after}").into_bytes()
        };
        (content_type, lines.into_iter().map(line).collect())
    })
}

proptest! {
    #[test]
    fn masks_of_any_length_never_change_which_line_came_when(
        (content_type, lines) in stream(), cuts in vec(any::<usize>(), 0..140), limit in 0_usize..3000,
        mask in select(&["redact", "hash", "partial", "drop"][..]),
    ) {
        let text = lines.concat();
        let chunks = cut(&text, &cuts);
        let redact = json!({"mask": mask, "hash_key": "a key of sixteen"});
        let rules = json!({"redact": redact, "response_body": {"head": limit, "tail": limit}});
        let exchange = stored(&rules, &[("content-type", content_type)], &chunks);
        let arrivals = Arrivals::of(&exchange);
        let known = known(&chunks, if limit == 0 { 0 } else { limit + MARGIN });
        let shown = head(&exchange).iter().filter(|byte| **byte == b'\n').count();
        let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
        let expected = ends.zip(chunks_of_lines(&text, &chunks)).take(shown);
        for (line, (end, chunk)) in expected.enumerate() {
            let expected = (end < known).then(|| time(chunk));
            prop_assert_eq!(arrivals.when(line as u64), expected, "line {} of chunk {}", line, chunk);
        }
    }

    #[test]
    fn what_came_encoded_came_as_soon_as_it_could_be_decoded(
        (content_type, lines) in stream(), cuts in vec(any::<usize>(), 0..60), encoding in select(&["gzip", "deflate"][..]),
    ) {
        let all = encoded(encoding, &lines).concat();
        let chunks = cut(&all, &cuts);
        let headers = [("content-type", content_type), ("content-encoding", encoding)];
        let exchange = stored(&json!({}), &headers, &chunks);
        let arrivals = Arrivals::of(&exchange);
        let ends_of_lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
        let mut passed = 0;
        let mut line = 0;
        for (number, chunk) in chunks.iter().enumerate() {
            passed += chunk.len();
            let there = ends_of_lines(&decoded(encoding, &all[..passed]));
            while line < there {
                prop_assert_eq!(arrivals.when(line as u64), Some(time(number)), "line {}", line);
                line += 1;
            }
        }
        prop_assert_eq!(line, ends_of_lines(&lines.concat()));
    }
}
