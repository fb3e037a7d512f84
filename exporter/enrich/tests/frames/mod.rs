//! AWS's event streams as lines of JSON, as the exporter makes them. Checksums are left alone: the corpus is not damaged.
//! Source: <https://smithy.io/2.0/aws/amazon-eventstream.html>.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// One line a frame that is whole.
pub(crate) fn lines(mut bytes: &[u8]) -> String {
    let mut lines = String::new();
    while let Some((frame, rest)) = frame(bytes) {
        lines.push_str(&line(frame).expect("a frame").to_string());
        lines.push('\n');
        bytes = rest;
    }
    lines
}

/// A frame, and what follows it.
fn frame(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, _) = number(bytes)?;
    bytes.split_at_checked(length)
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*number) as usize, rest))
}

/// Length, length of headers, checksum, headers, payload, checksum.
fn line(frame: &[u8]) -> Option<Value> {
    let (_, rest) = number(frame)?;
    let (headers, rest) = number(rest)?;
    let (headers, payload) = rest.get(4..rest.len().checked_sub(4)?)?.split_at_checked(headers)?;
    let mut told: Value = serde_json::from_slice(payload).ok()?;
    if let Some(exception) = header(headers, ":exception-type") {
        return Some(json!({"exception": {"type": exception, "message": told["message"]}}));
    }
    let kind = header(headers, ":event-type")?;
    if kind == "chunk" {
        let bytes = STANDARD.decode(told["bytes"].as_str()?).ok()?;
        told = serde_json::from_slice(&bytes).ok()?;
    }
    Some(json!({ kind: told }))
}

/// Headers of the type of a text: length and name, type, length and value.
fn header<'h>(mut headers: &'h [u8], wanted: &str) -> Option<&'h str> {
    loop {
        let (length, rest) = headers.split_first()?;
        let (name, rest) = rest.split_at_checked((*length).into())?;
        let (length, rest) = rest.get(1..)?.split_first_chunk()?;
        let (value, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        if name == wanted.as_bytes() {
            return str::from_utf8(value).ok();
        }
        headers = rest;
    }
}
