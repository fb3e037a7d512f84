//! Compresses what is sent.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

/// The quickest: what is saved by more is less than what it costs (decision 13).
const LEVEL: Compression = Compression::fast();

/// `body` as RFC 1952 has it. The same body gives the same bytes.
pub(super) fn compress(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), LEVEL);
    // Writing to a vector does not fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}
