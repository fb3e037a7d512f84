//! AWS event streams, such as Bedrock's answers, as documents on lines: one for each message.
//!
//! | message | its line |
//! | --- | --- |
//! | an event | `{"<:event-type>": <payload>}` |
//! | the event `chunk`, whose payload has a model's own JSON in base64 | `{"chunk": <that JSON>}` |
//! | an exception, or an error | `{"exception": {"type": "<its name>", <members of the payload>}}` |
//! | a payload that is no JSON | as a string in its place |
//!
//! So secrets are found in them as in any stream of documents. What is damaged, or cut, is left out, and what is sound stays: a
//! message has checksums of its own.

mod frame;
mod line;

use std::borrow::Cow;

use self::frame::Frames;
use super::{Content, MOST_DECODED};
use crate::redact::media::essence;

const TYPE: &str = "application/vnd.amazon.eventstream";
/// How `Treated.decoded` names it.
const NAME: &str = "eventstream";

/// Messages as lines.
#[derive(Debug, Default)]
struct Lines {
    text: Vec<u8>,
    messages: Vec<Place>,
    /// Whether what comes after them would have been too much.
    is_cut: bool,
}

/// Where a message is, and where its line ends.
#[derive(Debug)]
struct Place {
    start: usize,
    end: usize,
    text_end: usize,
}

/// Turns the content into lines if it is said to be an event stream, and has a message.
pub(super) fn undo(content: &mut Content<'_>, content_type: &str) {
    if essence(content_type) != TYPE {
        return;
    }
    let before = content.head.len() + content.tail.len();
    if content.gap {
        undo_two(content);
    } else {
        undo_one(content);
    }
    if !content.is_lines {
        return;
    }
    if !content.decoded.is_empty() {
        content.decoded.push_str(", ");
    }
    content.decoded.push_str(NAME);
    let after = content.head.len() + content.tail.len();
    let (passed, decoded) = content.ratio;
    content.ratio = (passed.saturating_mul(before as u64), decoded.saturating_mul(after.max(1) as u64));
}

fn undo_one(content: &mut Content<'_>) {
    let all = [&*content.head, &*content.tail].concat();
    let lines = Lines::of(&all);
    if lines.messages.is_empty() {
        return;
    }
    let is_shown_whole = content.head_limit.saturating_add(content.tail_limit) >= all.len();
    content.head_limit = if is_shown_whole { lines.text.len() } else { lines.before(content.head_limit) };
    content.tail_limit =
        if is_shown_whole { 0 } else { lines.from(all.len().saturating_sub(content.tail_limit)) };
    content.gap = lines.is_cut;
    content.tail = Cow::Borrowed(&[]);
    content.take(lines);
}

fn undo_two(content: &mut Content<'_>) {
    let (head, tail) = (Lines::of(&content.head), Lines::of(&content.tail));
    if head.messages.is_empty() && tail.messages.is_empty() {
        return;
    }
    content.head_limit = head.before(content.head_limit);
    content.tail_limit = tail.from(content.tail.len().saturating_sub(content.tail_limit));
    content.tail = Cow::Owned(tail.text);
    content.take(head);
}

impl Content<'_> {
    /// Puts lines in the place of the head.
    fn take(&mut self, lines: Lines) {
        self.chunks = self.chunks.take().map(|chunks| chunks.moved(|offset| lines.before(offset)));
        self.head = Cow::Owned(lines.text);
        self.is_lines = true;
    }
}

impl Lines {
    fn of(bytes: &[u8]) -> Self {
        let mut lines = Self::default();
        for frame in Frames::new(bytes) {
            if lines.text.len() >= MOST_DECODED {
                lines.is_cut = true;
                break;
            }
            line::write(&frame.message, &mut lines.text);
            lines.messages.push(Place { start: frame.start, end: frame.end, text_end: lines.text.len() });
        }
        lines
    }

    /// How much text there is of the messages that have ended by `offset`.
    fn before(&self, offset: usize) -> usize {
        self.end_of(self.messages.partition_point(|place| place.end <= offset))
    }

    /// How much there is of those that begin at `offset` or later.
    fn from(&self, offset: usize) -> usize {
        self.text.len() - self.end_of(self.messages.partition_point(|place| place.start < offset))
    }

    /// Where the text of the first so many messages ends.
    fn end_of(&self, messages: usize) -> usize {
        let last = messages.checked_sub(1).and_then(|last| self.messages.get(last));
        last.map_or(0, |place| place.text_end)
    }
}

#[cfg(test)]
mod tests;
