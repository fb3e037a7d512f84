//! Messages of an event stream, as they lie one after the other
//! (<https://smithy.io/2.0/aws/amazon-eventstream.html>).
//!
//! ```text
//! message = total length (4), length of headers (4), CRC of these eight bytes (4), headers, payload, CRC of all before (4)
//! header  = length of name (1), name, type of value (1), value
//! ```
//!
//! Numbers are big-endian, the CRC is that of gzip. A length is believed where its CRC holds, and each byte is looked at
//! twice at most, so that time is linear whatever the bytes are.

use crc_fast::crc32_iso_hdlc;
use memchr::memchr;

/// Prelude, and the CRC after the payload.
const PRELUDE: usize = 12;
const CRC: usize = 4;
/// A longer message no reader takes: 16 MiB of payload, 128 KiB of headers.
const MOST_TOTAL: usize = (16 << 20) + MOST_HEADERS + PRELUDE + CRC;
const MOST_HEADERS: usize = 128 << 10;

/// Type of a header's value that is text.
const STRING: u8 = 7;

/// A message, and where it is.
#[derive(Debug)]
pub(super) struct Frame<'b> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) message: Message<'b>,
}

/// What a message says.
#[derive(Debug)]
pub(super) struct Message<'b> {
    headers: &'b [u8],
    pub(super) payload: &'b [u8],
}

/// The messages that are sound.
#[derive(Debug)]
pub(super) struct Frames<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Frames<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }
}

impl<'b> Iterator for Frames<'b> {
    type Item = Frame<'b>;

    fn next(&mut self) -> Option<Frame<'b>> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let Some((total, headers)) = lengths(rest) else {
                // No message begins here: one that does begins with a zero, as none is so long.
                let behind = rest.get(1..)?;
                self.at += 1 + memchr(0, behind)?;
                continue;
            };
            let Some(whole) = rest.get(..total) else {
                // It is cut, or what looks like one by chance.
                self.at += 1;
                continue;
            };
            let start = self.at;
            self.at += total;
            if let Some(message) = message(whole, headers) {
                return Some(Frame { start, end: self.at, message });
            }
        }
    }
}

/// Total length and that of the headers, of a message that begins here.
fn lengths(bytes: &[u8]) -> Option<(usize, usize)> {
    let total = number(bytes.get(..4)?)?;
    let headers = number(bytes.get(4..8)?)?;
    let is_possible = headers <= MOST_HEADERS
        && total <= MOST_TOTAL
        && total >= PRELUDE.saturating_add(headers).saturating_add(CRC);
    (is_possible && has_crc(bytes.get(..PRELUDE)?)).then_some((total, headers))
}

fn message(whole: &[u8], headers: usize) -> Option<Message<'_>> {
    let content = whole.get(PRELUDE..whole.len().checked_sub(CRC)?)?;
    let (headers, payload) = content.split_at_checked(headers)?;
    has_crc(whole).then_some(Message { headers, payload })
}

/// Whether bytes end with the CRC of those before it.
fn has_crc(bytes: &[u8]) -> bool {
    bytes.split_last_chunk::<CRC>().is_some_and(|(before, crc)| crc32_iso_hdlc(before).to_be_bytes() == *crc)
}

fn number(bytes: &[u8]) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(bytes.try_into().ok()?)).ok()
}

impl<'b> Message<'b> {
    /// The header of that name, if it is text.
    pub(super) fn header(&self, name: &str) -> Option<&'b [u8]> {
        let mut rest = self.headers;
        while let Some((found, kind, value)) = take_header(&mut rest) {
            if found == name.as_bytes() && kind == STRING {
                return Some(value);
            }
        }
        None
    }
}

/// Name, type and value of the first header; `None` if there is none, or one of a type that nobody knows.
fn take_header<'b>(rest: &mut &'b [u8]) -> Option<(&'b [u8], u8, &'b [u8])> {
    let (length, behind) = rest.split_first()?;
    let (name, behind) = behind.split_at_checked(usize::from(*length))?;
    let (kind, behind) = behind.split_first()?;
    let (length, behind) = match kind {
        // True and false.
        0 | 1 => (0, behind),
        // Whole numbers, the last of them a time.
        2 => (1, behind),
        3 => (2, behind),
        4 => (4, behind),
        5 | 8 => (8, behind),
        // Bytes and text.
        6 | &STRING => {
            let (length, behind) = behind.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*length)), behind)
        }
        // A UUID.
        9 => (16, behind),
        _ => return None,
    };
    let (value, behind) = behind.split_at_checked(length)?;
    *rest = behind;
    Some((name, *kind, value))
}
