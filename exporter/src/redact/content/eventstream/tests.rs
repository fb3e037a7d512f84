//! Event streams as Bedrock sends them, whole, cut and damaged.

use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use offpath_core::event::{Arrivals, Body, Event, Exchange, Kind, Message};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::redact::{
    Treatments,
    body::Described,
    content::{Content, undo},
};

const TYPE: &str = "application/vnd.amazon.eventstream";

/// The CRC of gzip, bit by bit: another way to it than the one that is tested.
fn crc(bytes: &[u8]) -> [u8; 4] {
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    });
    (!crc).to_be_bytes()
}

fn header(name: &str, kind: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).expect("short").to_be_bytes();
    let length = if matches!(kind, 6 | 7) { &length[..] } else { &[] };
    let name_length = u8::try_from(name.len()).expect("short");
    [&[name_length], name.as_bytes(), &[kind], length, value].concat()
}

fn frame(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let number = |length: usize| u32::try_from(length).expect("short").to_be_bytes();
    let mut frame = [number(16 + headers.len() + payload.len()).as_slice(), &number(headers.len())].concat();
    frame.extend(crc(&frame));
    frame.extend([headers, payload].concat());
    frame.extend(crc(&frame));
    frame
}

fn event(name: &str, payload: &[u8]) -> Vec<u8> {
    let headers = [
        header(":event-type", 7, name.as_bytes()),
        header(":content-type", 7, b"application/json"),
        header(":message-type", 7, b"event"),
    ];
    frame(&headers.concat(), payload)
}

fn failure(message_type: &str, headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let headers: Vec<u8> =
        headers.iter().flat_map(|(name, value)| header(name, 7, value.as_bytes())).collect();
    frame(&[header(":message-type", 7, message_type.as_bytes()), headers].concat(), payload)
}

/// The event of `invoke-with-response-stream` in which a model's own JSON comes.
fn chunk(inner: &[u8]) -> Vec<u8> {
    let payload = json!({"bytes": STANDARD.encode(inner), "p": "abcdefgh"});
    event("chunk", payload.to_string().as_bytes())
}

fn kind(content_type: &str) -> Described<'_> {
    Described { content_type, content_encoding: "", is_request: false, websocket: false, arrived: &[] }
}

fn content(body: &Body) -> Content<'_> {
    undo(body, &kind(TYPE)).expect("content")
}

fn whole(bytes: &[u8]) -> Body {
    Body { size: bytes.len() as u64, head: bytes.to_vec(), ..Body::default() }
}

/// A body of which only these two parts are here.
fn cut(bytes: &[u8], head: usize, tail: usize) -> Body {
    let (head, tail) = (bytes[..head].to_vec(), bytes[tail..].to_vec());
    Body { size: bytes.len() as u64, head, tail, ..Body::default() }
}

/// What the lines say that some messages are made of.
fn lines(frames: &[Vec<u8>]) -> String {
    String::from_utf8(content(&whole(&frames.concat())).head.into_owned()).expect("text")
}

#[test]
fn each_event_is_a_line_by_its_name() {
    let text = lines(&[
        event("messageStart", br#"{"role":"assistant"}"#),
        event(
            "contentBlockDelta",
            b"{\"delta\": {\"text\": \"It\\nrains\"},\r\n \"contentBlockIndex\": 0}\n",
        ),
        event("metadata", br#"{"usage":{"inputTokens":12345678901234567890}}"#),
    ]);
    let expected = r#"{"messageStart":{"role":"assistant"}}
{"contentBlockDelta":{"delta": {"text": "It\nrains"}, "contentBlockIndex": 0}}
{"metadata":{"usage":{"inputTokens":12345678901234567890}}}
"#;
    assert_eq!(text, expected);
}

#[test]
fn what_a_model_says_by_its_own_api_stands_in_the_place_of_its_base64() {
    let text = lines(&[
        chunk(br#"{"type":"message_start","message":{"id":"msg_1"}}"#),
        chunk(b"{\n  \"a\": 1\n}"),
        chunk(b"no JSON"),
        event("chunk", br#"{"bytes":"!","p":"a"}"#),
        event("chunk", br#"{"other":1}"#),
        event("delta", br#"{"bytes":"e30="}"#),
    ]);
    let expected = r#"{"chunk":{"type":"message_start","message":{"id":"msg_1"}}}
{"chunk":{  "a": 1}}
{"chunk":{"bytes":"no JSON","p":"abcdefgh"}}
{"chunk":{"bytes":"!","p":"a"}}
{"chunk":{"other":1}}
{"delta":{"bytes":"e30="}}
"#;
    assert_eq!(text, expected);
}

#[test]
fn exceptions_say_what_they_are_and_errors_too() {
    let exception =
        |payload: &[u8]| failure("exception", &[(":exception-type", "throttlingException")], payload);
    let text = lines(&[
        exception(br#"{"message":"Too many tokens","type":"x"}"#),
        exception(b"{}"),
        exception(b"Slow down"),
        failure("error", &[(":error-code", "InternalError"), (":error-message", "Oops")], b""),
        failure("exception", &[], b""),
    ]);
    let expected = r#"{"exception":{"type":"throttlingException","message":"Too many tokens"}}
{"exception":{"type":"throttlingException"}}
{"exception":{"type":"throttlingException","message":"Slow down"}}
{"exception":{"type":"InternalError","message":"Oops"}}
{"exception":{"type":"exception"}}
"#;
    assert_eq!(text, expected);
}

#[test]
fn what_is_no_json_is_a_string() {
    let text = lines(&[
        event("audio", b"a \"b\"\n\xff"),
        event("end", b""),
        event("a \"name\"", b"{} {}"),
        frame(b"", b"[1]"),
    ]);
    let expected = "{\"audio\":\"a \\\"b\\\"\\n\u{fffd}\"}\n{\"end\":\"\"}\n{\"a \\\"name\\\"\":\"{} {}\"}\n{\"event\":[1]}\n";
    assert_eq!(text, expected);
}

#[test]
fn headers_of_any_type_are_passed_over() {
    let headers = [
        header("true", 0, b""),
        header("false", 1, b""),
        header("byte", 2, b"1"),
        header("short", 3, b"12"),
        header("int", 4, b"1234"),
        header("long", 5, b"12345678"),
        header("bytes", 6, b":event-type"),
        header("time", 8, b"12345678"),
        header("uuid", 9, b"0123456789abcdef"),
        header(":event-type", 6, b"bytes"),
        header(":event-type", 7, b"found"),
    ];
    assert_eq!(lines(&[frame(&headers.concat(), b"1")]), "{\"found\":1}\n");
    // What comes after one that nobody knows cannot be read.
    let headers = [header("new", 10, b""), header(":event-type", 7, b"found")];
    assert_eq!(lines(&[frame(&headers.concat(), b"1")]), "{\"event\":1}\n");
}

/// What another encoder, <https://hex.pm/packages/event_stream>, documents.
#[test]
fn a_message_of_another_encoder_is_read() {
    let bytes =
        [&[0, 0, 0, 30, 0, 0, 0, 0, 186, 242, 246, 138][..], br#"{"foo": "bar"}"#, &[174, 114, 88, 228]];
    assert_eq!(lines(&[bytes.concat()]), "{\"event\":{\"foo\": \"bar\"}}\n");
}

#[test]
fn what_was_decoded_says_so_and_what_is_no_event_stream_stays_as_it_is() {
    let body = whole(&event("a", b"1"));
    let decoded = content(&body);
    assert_eq!((decoded.decoded.as_str(), decoded.is_lines, decoded.gap), ("eventstream", true, false));
    let other = undo(&body, &kind("application/octet-stream")).expect("content");
    assert_eq!((other.head.as_ref(), other.is_lines), (body.head.as_slice(), false));
    for bytes in [&b""[..], b"{\"message\": \"denied\"}", &[0; 100], &body.head[..body.head.len() - 1]] {
        let none = whole(bytes);
        let none = content(&none);
        assert_eq!((none.head.as_ref(), none.decoded.as_str(), none.is_lines), (bytes, "", false));
    }
}

/// Ten messages, and where each ends.
fn ten() -> (Vec<u8>, Vec<usize>, Vec<String>) {
    let frames: Vec<_> = (0..10).map(|number| event("n", number.to_string().as_bytes())).collect();
    let ends = frames.iter().scan(0, |end, frame| {
        *end += frame.len();
        Some(*end)
    });
    (frames.concat(), ends.collect(), (0..10).map(|number| format!("{{\"n\":{number}}}\n")).collect())
}

#[test]
fn of_every_prefix_the_whole_messages_are_there() {
    let (bytes, ends, lines) = ten();
    for end in 0..bytes.len() {
        let body = cut(&bytes, end, bytes.len());
        let there = ends.iter().filter(|message| **message <= end).count();
        let content = content(&body);
        assert!(content.gap);
        if there == 0 {
            assert!(!content.is_lines);
            continue;
        }
        assert_eq!(String::from_utf8_lossy(&content.head), lines[..there].concat(), "{end}");
    }
}

#[test]
fn behind_a_gap_messages_are_found_again_wherever_it_ends() {
    let (bytes, ends, lines) = ten();
    for start in ends[0] + 1..bytes.len() {
        let body = cut(&bytes, ends[0], start);
        let content = content(&body);
        assert_eq!(String::from_utf8_lossy(&content.head), lines[0]);
        // One that begins before is not whole.
        let gone = 1 + ends.iter().filter(|end| **end < start).count();
        assert_eq!(String::from_utf8_lossy(&content.tail), lines[gone..].concat(), "{start}");
    }
}

#[test]
fn whatever_byte_is_damaged_the_other_messages_stay() {
    let (bytes, ends, lines) = ten();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x41;
        let hit = ends.partition_point(|end| *end <= at);
        let expected = [lines[..hit].concat(), lines[hit + 1..].concat()].concat();
        assert_eq!(String::from_utf8_lossy(&content(&whole(&damaged)).head), expected, "{at}");
    }
}

#[test]
fn limits_are_kept_by_whole_messages() {
    let (bytes, ends, lines) = ten();
    let limited = |head: usize, tail: usize| Body {
        head_limit: u32::try_from(head).ok(),
        tail_limit: u32::try_from(tail).ok(),
        ..whole(&bytes)
    };
    let length = lines[0].len();
    for (head, tail, expected) in [
        (ends[2], 0, (3, 0)),
        (ends[2] - 1, ends[0], (2, 1)),
        (0, ends[1] + 1, (0, 2)),
        (bytes.len(), 0, (10, 0)),
        (bytes.len() / 2, bytes.len(), (10, 0)),
    ] {
        let body = limited(head, tail);
        let content = content(&body);
        let limits = (content.head_limit / length, content.tail_limit / length);
        assert_eq!((limits, content.head.len()), (expected, 10 * length), "{head}, {tail}");
    }
    let two = Body { size: bytes.len() as u64 + 1, ..cut(&bytes, ends[4], ends[6]) };
    let two = Body { head_limit: u32::try_from(ends[2]).ok(), tail_limit: Some(1), ..two };
    let content = content(&two);
    assert_eq!((content.head_limit, content.tail_limit), (3 * length, 0));
}

#[test]
fn time_is_linear_whatever_the_lengths_say() {
    // Each prelude holds, and claims that the message goes to the end; none of them does.
    let length: u32 = 2 << 20;
    let mut bytes = Vec::new();
    while bytes.len() < length as usize {
        let rest = length - u32::try_from(bytes.len()).expect("short");
        let prelude = [rest.to_be_bytes(), 0_u32.to_be_bytes()].concat();
        bytes.extend(&prelude);
        bytes.extend(crc(&prelude));
    }
    for bytes in [&bytes[..length as usize - 1], &bytes[..], &vec![0; length as usize]] {
        let began = Instant::now();
        assert!(!content(&whole(bytes)).is_lines);
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    }
}

/// The response that is stored of a body, and what was done to it.
fn stored(body: Body, arrived: &[(u64, u64)]) -> Exchange {
    let mut response =
        Message { body: Some(body), chunks: 9, content_type: TYPE.to_owned(), ..Message::default() };
    response.set_arrived(arrived.iter().copied());
    let exchange = Exchange { response: Some(response), first_byte_ns: Some(7), ..Exchange::default() };
    let mut event = Event { kind: Some(Kind::Exchange(exchange)), ..Event::default() };
    Treatments::default().treat(&mut event);
    match event.kind {
        Some(Kind::Exchange(exchange)) => exchange,
        _ => panic!("no exchange"),
    }
}

fn body_of(exchange: Exchange) -> Body {
    exchange.response.and_then(|response| response.body).expect("a body")
}

#[test]
fn a_secret_is_masked_in_what_a_model_says_also_where_it_comes_in_parts() {
    let delta = |text: &str| chunk(json!({"delta": {"text": text}}).to_string().as_bytes());
    let frames = [
        delta("Use "),
        delta("sk-proj-abcdef"),
        delta("ghij0123456789 now"),
        chunk(br#"{"password":"hunter2"}"#),
        chunk(b"token: Bearer abc123"),
    ];
    let body = body_of(stored(whole(&frames.concat()), &[]));
    let expected = r#"{"chunk":{"delta":{"text":"Use "}}}
{"chunk":{"delta":{"text":"[redacted]"}}}
{"chunk":{"delta":{"text":" now"}}}
{"chunk":{"password":"[redacted]"}}
{"chunk":{"bytes":"token: Bearer [redacted]","p":"abcdefgh"}}
"#;
    assert_eq!(String::from_utf8_lossy(&body.head), expected);
    let treated = body.treated.expect("treated");
    assert_eq!((treated.masked, treated.decoded.as_str(), treated.kept), (3, "eventstream", body.size));
}

#[test]
fn of_a_long_answer_both_ends_are_lines_with_their_values() {
    let frames: Vec<_> = (0..400)
        .map(|number| {
            event(
                "contentBlockDelta",
                json!({"delta": {"text": format!("{number} ")}}).to_string().as_bytes(),
            )
        })
        .chain([event("metadata", br#"{"usage":{"inputTokens":7,"outputTokens":400}}"#)])
        .collect();
    let bytes = frames.concat();
    let limit = 2000;
    let body = Body {
        head_limit: Some(2000),
        tail_limit: Some(2000),
        ..cut(&bytes, limit + 1024, bytes.len() - limit - 1024)
    };
    let body = body_of(stored(body, &[]));
    let (head, tail) = (String::from_utf8_lossy(&body.head), String::from_utf8_lossy(&body.tail));
    assert!(
        head.starts_with("{\"contentBlockDelta\":{\"delta\":{\"text\":\"0 \"}}}\n") && head.ends_with("}\n"),
        "{head}"
    );
    assert!(tail.starts_with("{\"contentBlockDelta\""), "{tail}");
    assert!(
        tail.ends_with("{\"metadata\":{\"usage\":{\"inputTokens\":7,\"outputTokens\":400}}}\n"),
        "{tail}"
    );
    assert!(body.kept() < body.size && body.kept() > 3000, "{}", body.kept());
}

#[test]
fn a_message_arrived_with_its_last_byte() {
    let (bytes, ends, _) = ten();
    let arrived =
        [(ends[1] as u64, 100), (ends[4] as u64 - 1, 200), (ends[4] as u64, 300), (ends[8] as u64 + 5, 400)];
    let arrivals = Arrivals::of(&stored(whole(&bytes), &arrived));
    let when: Vec<_> = (0..11).map(|line| arrivals.when(line)).collect();
    let expected = [7, 7, 100, 100, 200, 300, 300, 300, 300, 400].map(Some);
    assert_eq!(when, [&expected[..], &[None]].concat());
}

fn any_message() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![
        vec(any::<u8>(), 0..40),
        "[a-z\"{}\\n]{0,20}".prop_map(String::into_bytes),
        "[a-z]{0,20}".prop_map(|text| json!({"text": text}).to_string().into_bytes()),
    ];
    let name = select(&["chunk", "contentBlockDelta", "", "a\"b"][..]);
    (payload, name, 0..5_u8).prop_map(|(payload, name, kind)| match kind {
        0 => chunk(&payload),
        1 => failure("exception", &[(":exception-type", name)], &payload),
        2 => frame(&payload, &payload),
        _ => event(name, &payload),
    })
}

proptest! {
    #[test]
    fn whatever_is_sound_is_a_line_of_json_of_its_own(messages in vec(any_message(), 1..12)) {
        let text = lines(&messages);
        prop_assert_eq!(text.lines().count(), messages.len());
        for line in text.lines() {
            prop_assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "{}", line);
        }
    }

    #[test]
    fn of_every_cut_what_is_whole_is_as_it_was(messages in vec(any_message(), 1..12), cuts: [usize; 2], noise in vec(any::<u8>(), 0..30)) {
        let bytes = messages.concat();
        let whole = lines(&messages);
        let mut cuts = cuts.map(|cut| cut % (bytes.len() + 1));
        cuts.sort_unstable();
        let mut body = cut(&bytes, cuts[0], cuts[1]);
        let content = content(&body);
        if content.is_lines {
            prop_assert!(whole.as_bytes().starts_with(&content.head));
            prop_assert!(whole.as_bytes().ends_with(&content.tail));
        }
        // And with what is none of it in between nothing is found that was not there.
        body.head.extend(noise);
        let _ = undo(&body, &kind(TYPE));
    }

    #[test]
    fn any_bytes_are_an_event_stream_or_none(bytes in vec(any::<u8>(), 0..300), size in 0_u64..400, limits: Option<(u16, u16)>) {
        let (head, tail) = bytes.split_at(bytes.len() / 2);
        let (head_limit, tail_limit) = limits.map(|(head, tail)| (u32::from(head), u32::from(tail))).unzip();
        let body = Body { size, head: head.to_vec(), tail: tail.to_vec(), head_limit, tail_limit, treated: None };
        let _ = undo(&body, &kind(TYPE));
    }
}
