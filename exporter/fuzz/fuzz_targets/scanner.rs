//! Arbitrary bytes as JSON, whole and cut anywhere: what is said to be JSON is.
//!
//! `cargo +nightly fuzz run scanner` in the folder `exporter`.

#![no_main]

mod bodies;

use libfuzzer_sys::fuzz_target;
use offpath_core::treatment::{Treatment, VERSION};

fuzz_target!(|bytes: &[u8]| {
    let Some((limits, text)) = bytes.split_at_checked(4) else { return };
    let limit = |byte: u8| (byte < 200).then_some(u32::from(byte % 20));
    let treatment = Treatment {
        version: VERSION,
        max_string: limit(limits[0]),
        max_items: limit(limits[1]),
        max_depth: limit(limits[2]),
        mask_unknown: limits[3] > 200,
        ..Treatment::standard()
    };
    let cut = usize::from(limits[3]);
    for (head, tail) in [(text.len(), 0), (cut, cut)] {
        bodies::check(&bodies::treated(bodies::captured(text, head, tail), "application/json", &treatment));
    }
});
