//! A secret anywhere in arbitrary bytes of any type, whole and cut anywhere: it is not shown.
//!
//! `cargo +nightly fuzz run redactor` in the folder `exporter`.

#![no_main]

mod bodies;

use libfuzzer_sys::fuzz_target;
use offpath_core::treatment::{Expression, Treatment, VERSION};

const SECRET: &[u8] = b" EMP-123456 ";
const TYPES: &[&str] = &[
    "application/json",
    "application/x-ndjson",
    "application/x-www-form-urlencoded",
    "text/event-stream",
    "text/plain",
    "application/octet-stream",
    "",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, text)) = bytes.split_at_checked(6) else { return };
    if text.windows(3).any(|window| window == b"EMP") {
        return;
    }
    let treatment = Treatment {
        version: VERSION,
        expressions: vec![Expression { name: "employee".into(), expression: "EMP-[0-9]{6}".into() }],
        mask: i32::from(choice[0] % 4),
        hash_key: b"a key of sixteen".to_vec(),
        mask_unknown: choice[1] & 1 > 0,
        keep_media: choice[1] & 2 > 0,
        max_string: (choice[1] & 4 > 0).then_some(20),
        ..Treatment::standard()
    };
    let place = usize::from(choice[2]).min(text.len());
    let text = [&text[..place], SECRET, &text[place..]].concat();
    let content_type = TYPES[usize::from(choice[3]) % TYPES.len()];
    for (head, tail) in [(text.len(), 0), (usize::from(choice[4]), usize::from(choice[5]))] {
        let body = bodies::treated(bodies::captured(&text, head, tail), content_type, &treatment);
        bodies::check(&body);
        for shown in [&body.head, &body.tail] {
            let is_shown = shown.windows(SECRET.len() - 2).any(|window| window == SECRET.trim_ascii());
            assert!(!is_shown, "{}", String::from_utf8_lossy(shown));
        }
    }
});
