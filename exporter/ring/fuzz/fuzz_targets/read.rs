//! Arbitrary bytes as a ring file: first as the whole file, then behind a header that opens.
//!
//! `cargo +nightly fuzz run read` in the folder `exporter/ring`.

#![no_main]

#[path = "../../tests/ring/hostile.rs"]
mod hostile;

use libfuzzer_sys::fuzz_target;
use std::{path::PathBuf, sync::LazyLock};

static RING: LazyLock<(tempfile::TempDir, PathBuf)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("x.ring");
    (dir, path)
});

fuzz_target!(|bytes: &[u8]| {
    let path = &RING.1;
    hostile::read(path, bytes);
    if let Some((words, data)) = bytes.split_at_checked(6) {
        // Small positions, so that most inputs get past the first check.
        let word = |at: usize| u64::from(u16::from_le_bytes([words[at], words[at + 1]]));
        hostile::read(path, &hostile::with_true_header(word(0), word(2), word(4), data));
    }
});
