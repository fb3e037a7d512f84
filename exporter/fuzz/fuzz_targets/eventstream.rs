//! Arbitrary bytes in an event stream, in frames that are sound and in some that are not, whole and cut anywhere: no secret
//! is shown.
//!
//! `cargo +nightly fuzz run eventstream` in the folder `exporter`.

#![no_main]

mod bodies;

use crc_fast::crc32_iso_hdlc;
use libfuzzer_sys::fuzz_target;
use offpath_core::treatment::{Expression, Treatment, VERSION};

const TYPE: &str = "application/vnd.amazon.eventstream";
const SECRET: &[u8] = b"EMP-123456";
const HEADERS: &[u8] = b"\x0b:event-type\x07\x00\x05delta\x0d:message-type\x07\x00\x05event";

/// A message; `choice` says what is wrong with it.
fn push_frame(payload: &[u8], choice: u8, out: &mut Vec<u8>) {
    let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let start = out.len();
    out.extend(length(16 + HEADERS.len() + payload.len() + usize::from(choice == 1)));
    out.extend(length(HEADERS.len() + usize::from(choice == 2)));
    let crc = crc32_iso_hdlc(&out[start..]) ^ u32::from(choice == 3);
    out.extend(crc.to_be_bytes());
    out.extend(HEADERS);
    out.extend(payload);
    let crc = crc32_iso_hdlc(&out[start..]) ^ u32::from(choice == 4);
    out.extend(crc.to_be_bytes());
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, text)) = bytes.split_at_checked(5) else { return };
    if text.windows(3).any(|window| window == b"EMP") {
        return;
    }
    let treatment = Treatment {
        version: VERSION,
        expressions: vec![Expression { name: "employee".into(), expression: "EMP-[0-9]{6}".into() }],
        max_string: (choice[0] & 1 > 0).then_some(20),
        ..Treatment::standard()
    };
    let mut stream = Vec::new();
    for (number, part) in text.split(|byte| *byte == b'|').enumerate() {
        let text = [part, b" ", if number == 1 { SECRET } else { b"" }, b" "].concat();
        let json = serde_json::json!({ "text": String::from_utf8_lossy(&text) }).to_string();
        push_frame(if choice[0] & 2 > 0 { json.as_bytes() } else { &text }, choice[1 + number % 2], &mut stream);
    }
    for (head, tail) in [(stream.len(), 0), (usize::from(choice[3]) * 8, usize::from(choice[4]) * 8)] {
        let body = bodies::treated(bodies::captured(&stream, head, tail), TYPE, &treatment);
        bodies::check(&body);
        for shown in [&body.head, &body.tail] {
            let is_shown = shown.windows(SECRET.len()).any(|window| window == SECRET);
            assert!(!is_shown, "{}", String::from_utf8_lossy(shown));
        }
    }
});
