//! A letter: one file, an event and why it could not be delivered.
//!
//! ```text
//! letter   = "OFPLETTER 1 " checksum LF head LF event
//! checksum = CRC32C of all that follows its line, as 8 hexadecimal digits
//! head     = one line of JSON: {"sink": …, "reason": …, "why": …, "at": RFC 3339, "id": …, "kind": …}
//! event    = an encoded `offpath_core::event::Event`, up to the end of the file
//! ```
//!
//! So `head -2` of a letter tells a person what it is.

use std::{borrow::Cow, io};

use crc_fast::crc32_iscsi;
use offpath_core::event::Event;
use serde::{Deserialize, Serialize};

use super::Letter;
use crate::event_json;

const MAGIC: &str = "OFPLETTER 1 ";

/// Bytes of what a backend said that are kept: enough to see what it means.
const MAX_WHY: usize = 4096;

/// What a letter says of its event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The sink that could not deliver it.
    pub sink: String,
    /// `refused`, `too_large` or `rejected`.
    pub reason: String,
    /// What the backend said.
    pub why: String,
    /// When, as RFC 3339 has it.
    pub at: String,
    /// Id of the event, in 32 hexadecimal digits.
    pub id: String,
    /// What the event's JSON says as `kind`.
    pub kind: String,
}

/// An opened letter.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// What it says of the event.
    pub head: Head,
    /// The event.
    pub event: Event,
}

/// The file's bytes.
pub(super) fn encode(letter: &Letter<'_>, event: &Event) -> Vec<u8> {
    let head = Head {
        sink: letter.sink.to_owned(),
        reason: letter.reason.to_owned(),
        why: shortened(letter.why).into_owned(),
        at: event_json::time(letter.at_unix_ns).to_string(),
        id: event_json::id(event.id()),
        kind: event_json::kind(event).to_owned(),
    };
    // Six strings always have their JSON.
    let head = serde_json::to_string(&head).unwrap_or_default();
    let rest = [head.as_bytes(), b"\n", &event.to_bytes()].concat();
    let mut bytes = format!("{MAGIC}{:08x}\n", crc32_iscsi(&rest)).into_bytes();
    bytes.extend_from_slice(&rest);
    bytes
}

fn shortened(why: &str) -> Cow<'_, str> {
    if why.len() <= MAX_WHY {
        why.into()
    } else {
        format!("{}…", &why[..why.floor_char_boundary(MAX_WHY)]).into()
    }
}

/// Reads a file's bytes, which may be anything.
pub(super) fn decode(bytes: &[u8]) -> io::Result<Opened> {
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "the letter is damaged");
    let (first, rest) = line(bytes).ok_or_else(damaged)?;
    let checksum = first.strip_prefix(MAGIC.as_bytes()).ok_or_else(damaged)?;
    if checksum != format!("{:08x}", crc32_iscsi(rest)).as_bytes() {
        return Err(damaged());
    }
    let (head, event) = line(rest).ok_or_else(damaged)?;
    let head = serde_json::from_slice(head).map_err(|_| damaged())?;
    let event = Event::from_bytes(event).map_err(|_| damaged())?;
    Ok(Opened { head, event })
}

fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((&bytes[..end], &bytes[end + 1..]))
}
