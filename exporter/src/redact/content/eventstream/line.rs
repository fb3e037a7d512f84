//! A message of an event stream as a line of JSON.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::value::RawValue;

use super::frame::Message;
use crate::redact::media;

/// The event of Bedrock's that has what a model answers, by its own API, in base64.
const CHUNK: &[u8] = b"chunk";
const BYTES: &str = "bytes";
/// What an event is called that has no name, and an error.
const NAMELESS: &[u8] = b"event";
const EXCEPTION: &[u8] = b"exception";

/// Members of an object, each value as it stands there.
type Members = BTreeMap<String, Box<RawValue>>;

/// Appends the line of a message.
pub(super) fn write(message: &Message<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    match message.header(":message-type") {
        Some(b"exception") => write_exception(message, ":exception-type", out),
        Some(b"error") => write_exception(message, ":error-code", out),
        _ => write_event(message, out),
    }
    out.extend_from_slice(b"}\n");
}

fn write_event(message: &Message<'_>, out: &mut Vec<u8>) {
    let name = message.header(":event-type").unwrap_or(NAMELESS);
    write_text(name, out);
    out.push(b':');
    let inner = members(message.payload).filter(|_| name == CHUNK).and_then(model_s_own);
    match inner {
        Some(inner) => out.extend_from_slice(&inner),
        None => write_value(message.payload, out),
    }
}

/// What a model says by its own API: JSON, or with its siblings what is none.
fn model_s_own(mut members: Members) -> Option<Vec<u8>> {
    let text: Cow<'_, str> = serde_json::from_str(members.get(BYTES)?.get()).ok()?;
    let decoded = media::decode(text.as_bytes())?;
    if let Some(json) = one_line(&decoded) {
        return Some(json);
    }
    let text = serde_json::value::to_raw_value(&String::from_utf8_lossy(&decoded)).ok()?;
    members.insert(BYTES.to_owned(), text);
    serde_json::to_vec(&members).ok()
}

fn write_exception(message: &Message<'_>, name: &str, out: &mut Vec<u8>) {
    write_text(EXCEPTION, out);
    out.extend_from_slice(b":{\"type\":");
    write_text(message.header(name).unwrap_or(EXCEPTION), out);
    match members(message.payload) {
        Some(members) => {
            for (key, value) in members.iter().filter(|(key, _)| *key != "type") {
                write_member(key.as_bytes(), value.get().as_bytes(), out);
            }
        }
        None if !message.payload.is_empty() => write_message(message.payload, out),
        None => {
            if let Some(told) = message.header(":error-message") {
                write_message(told, out);
            }
        }
    }
    out.push(b'}');
}

/// What is told of an exception in words.
fn write_message(text: &[u8], out: &mut Vec<u8>) {
    let mut value = Vec::new();
    write_value(text, &mut value);
    write_member(b"message", &value, out);
}

fn write_member(key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.push(b',');
    write_text(key, out);
    out.push(b':');
    out.extend_from_slice(value);
}

/// JSON as it is, and all else as a string.
fn write_value(payload: &[u8], out: &mut Vec<u8>) {
    match one_line(payload) {
        Some(json) => out.extend_from_slice(&json),
        None => write_text(payload, out),
    }
}

fn write_text(text: &[u8], out: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = serde_json::to_writer(out, &String::from_utf8_lossy(text));
}

/// The members of an object, if it is one.
fn members(payload: &[u8]) -> Option<Members> {
    serde_json::from_slice(&one_line(payload)?).ok()
}

/// JSON without ends of lines, which stand only between its tokens.
fn one_line(json: &[u8]) -> Option<Vec<u8>> {
    let value: &RawValue = serde_json::from_slice(json).ok()?;
    Some(value.get().bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect())
}
