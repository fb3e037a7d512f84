//! Streams of server-sent events
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>).
//!
//! The data of each event is a document, or text. A secret may come in parts, one in each of many events: the texts at
//! the same place of the documents are searched as one, and so are the data that are no documents.

use std::ops::Range;

use memchr::{memchr_iter, memchr2};

use super::{
    Redactor,
    finder::GaveUp,
    json::{self, Begins, Found, Reading, Scan, begins_as_json},
    piece::Piece,
};

/// Ends a stream by the convention of OpenAI.
const DONE: &[u8] = b"[DONE]";

/// Finds what is to be masked in a stream.
/// `after_secret`: the gap before it began in something secret.
pub(super) fn mask(piece: &Piece<'_>, redactor: &Redactor, after_secret: bool) -> Result<Found, GaveUp> {
    let first = if piece.cut_start { end_of_event(piece.bytes) } else { json::byte_order_mark(piece.bytes) };
    let mut scan = Scan::new(redactor, *piece, Reading::documents(true));
    let mut document: Option<Range<usize>> = None;
    for line in lines(piece.bytes, first) {
        let text = &piece.bytes[line.clone()];
        if let Some(data) = data(text) {
            let data = line.start + data..line.end;
            if document.is_none() && !is_document(&piece.bytes[data.clone()]) {
                scan.add_stream(data.clone());
                read_members(&mut scan, piece, data);
                continue;
            }
            scan.read(data.clone(), Begins::Outside);
            document = Some(document.map_or(data.start, |document| document.start)..data.end);
        } else if !text.is_empty() {
            scan.add_text(line.clone());
            read_members(&mut scan, piece, line);
        } else if let Some(document) = document.take() {
            scan.end_documents(document);
        }
    }
    if let Some(document) = document {
        scan.end_documents(document);
    }
    let mut found = scan.finish()?;
    if piece.cut_start {
        let first = Piece { bytes: &piece.bytes[..first], cut_end: false, ..*piece };
        let mask_unknown = redactor.mask_unknown || after_secret;
        let reading = Reading { mask_unknown, ..Reading::documents(false) };
        found.edits.append(&json::mask(&first, redactor, reading)?.edits);
        found.edits.settle();
    }
    Ok(found)
}

/// Reads JSON that stands where none is expected.
fn read_members(scan: &mut Scan<'_>, piece: &Piece<'_>, part: Range<usize>) {
    if json::has_member(&piece.bytes[part.clone()]) {
        scan.read(part.clone(), Begins::Outside);
        scan.end_documents(part);
    }
}

/// The end of the event that the gap ends in: nobody knows where in it the document begins.
fn end_of_event(bytes: &[u8]) -> usize {
    memchr_iter(b'\n', bytes).map(|at| at + 1).find(|end| ends_event(&bytes[..*end])).unwrap_or(bytes.len())
}

fn is_document(data: &[u8]) -> bool {
    data != DONE && (begins_as_json(data) || data.starts_with(b"\""))
}

/// Where the data of a line begins that has data.
fn data(line: &[u8]) -> Option<usize> {
    let value = line.strip_prefix(b"data")?.strip_prefix(b":")?;
    Some(line.len() - value.strip_prefix(b" ").unwrap_or(value).len())
}

/// The lines from `start` on, without their ends: `\n`, `\r\n` or `\r`.
fn lines(bytes: &[u8], start: usize) -> impl Iterator<Item = Range<usize>> + use<'_> {
    let mut next = Some(start);
    std::iter::from_fn(move || {
        let start = next?;
        let rest = &bytes[start..];
        let length = memchr2(b'\n', b'\r', rest);
        next = length.map(|length| start + length + if rest[length..].starts_with(b"\r\n") { 2 } else { 1 });
        Some(start..length.map_or(bytes.len(), |length| start + length))
    })
}

/// The end of the last whole event before `limit`; `limit` if there is none.
pub(super) fn end_of_events(bytes: &[u8], limit: usize) -> usize {
    let ends = memchr_iter(b'\n', &bytes[..limit]).rev().map(|at| at + 1);
    ends.into_iter().find(|end| ends_event(&bytes[..*end])).unwrap_or(limit)
}

/// The start of the first whole event from `limit` on; `limit` if there is none.
pub(super) fn start_of_events(bytes: &[u8], limit: usize) -> usize {
    /// Longest end of an event but for its last byte.
    const BEFORE: usize = 2;
    let from = limit.saturating_sub(BEFORE + 1);
    let mut ends = memchr_iter(b'\n', &bytes[from..]).map(|at| from + at + 1).filter(|end| *end >= limit);
    ends.find(|end| ends_event(&bytes[..*end]) && *end < bytes.len()).unwrap_or(limit)
}

fn ends_event(bytes: &[u8]) -> bool {
    bytes.ends_with(b"\n\n") || bytes.ends_with(b"\n\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_any_of_three_ways() {
        let text = b"a\r\nb\rc\n\nd";
        let lines: Vec<&[u8]> = lines(text, 0).map(|line| &text[line]).collect();
        assert_eq!(lines, [&b"a"[..], b"b", b"c", b"", b"d"]);
    }

    #[test]
    fn events_are_kept_whole_on_either_side_of_a_cut() {
        let text = b"data: 1\n\ndata: 2\r\n\r\ndata: 3\n\n";
        assert_eq!(end_of_events(text, 20), 20);
        assert_eq!(end_of_events(text, 19), 9);
        assert_eq!(end_of_events(text, 5), 5);
        assert_eq!(start_of_events(text, 1), 9);
        assert_eq!(start_of_events(text, 9), 9);
        assert_eq!(start_of_events(text, 10), 20);
        assert_eq!(start_of_events(text, 21), 21);
    }
}
