//! How much of a body is shown.

use std::ops::Range;

use memchr::memchr_iter;

use crate::redact::{content::Content, edits::Edits, sse};

/// Bytes and what is to be replaced in them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) edits: &'b Edits,
}

/// Where the head ends and the tail begins, each in its own bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    head_end: usize,
    tail_start: usize,
    tail_end: usize,
    /// Whether head and tail are parts of the same bytes.
    is_whole: bool,
    /// Whether bytes between the two are left out.
    pub(super) has_gap: bool,
}

/// What is shown.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) head: Vec<u8>,
    pub(super) tail: Vec<u8>,
    /// How many bytes the two stand for.
    pub(super) kept: u64,
    pub(super) masked: u64,
    pub(super) cut: u64,
}

impl Cut {
    /// Of a body that is there as a whole.
    pub(super) fn of_whole(all: &[u8], content: &Content<'_>) -> Self {
        let all_of_it = Self {
            head_end: all.len(),
            tail_start: all.len(),
            tail_end: all.len(),
            is_whole: true,
            has_gap: false,
        };
        if content.head_limit.saturating_add(content.tail_limit) >= all.len() {
            return all_of_it;
        }
        Self {
            head_end: end_of_character(all, content.head_limit),
            tail_start: start_of_character(all, all.len() - content.tail_limit),
            has_gap: true,
            ..all_of_it
        }
    }

    /// Of a body with a gap.
    pub(super) fn of_two(content: &Content<'_>) -> Self {
        let head_end = content.head_limit.min(content.head.len());
        let tail_start = content.tail.len().saturating_sub(content.tail_limit);
        Self {
            head_end: end_of_character(&content.head, head_end),
            tail_start: start_of_character(&content.tail, tail_start),
            tail_end: content.tail.len(),
            is_whole: false,
            has_gap: true,
        }
    }

    /// The same without events of which only a part would be shown.
    pub(super) fn at_events(&self, head: &[u8], tail: &[u8]) -> Self {
        if !self.has_gap {
            return *self;
        }
        let head_end = sse::end_of_events(head, self.head_end);
        Self { head_end, tail_start: sse::start_of_events(tail, self.tail_start), ..*self }
    }

    /// The same with no more of the tail than the part `within` of what is shown of it.
    pub(super) fn at_part(&self, within: Range<usize>) -> Self {
        Self { tail_start: self.tail_start + within.start, tail_end: self.tail_start + within.end, ..*self }
    }

    /// What is shown of the tail.
    pub(super) fn tail<'b>(&self, tail: &Part<'b>) -> &'b [u8] {
        tail.bytes.get(self.tail_start..self.tail_end).unwrap_or_default()
    }

    /// Where what is shown of the head ends.
    pub(super) fn head_end(&self) -> usize {
        self.head_end
    }

    /// Whether `other`, which was made of what is shown of the head, has its lines, but for empty ones at the end.
    pub(super) fn has_lines_of(&self, head: &Part<'_>, other: &[u8]) -> bool {
        let shown = head.bytes.get(..self.head_end).unwrap_or_default().trim_ascii_end();
        let lines = head.edits.lines_before(head.bytes, [shown.len()].into_iter());
        lines == [memchr_iter(b'\n', other.trim_ascii_end()).count() as u64]
    }

    /// Cuts. A mask that the cut goes through is shown whole, and once.
    pub(super) fn show(&self, head: &Part<'_>, tail: &Part<'_>) -> Shown {
        let first = head.edits.show(head.bytes, 0..self.head_end, 0);
        let (start, shown) = if self.is_whole {
            (self.tail_start.max(first.end), self.head_end)
        } else {
            (self.tail_start, 0)
        };
        let last = tail.edits.show(tail.bytes, start..self.tail_end.max(start), shown);
        Shown {
            kept: (self.head_end + (self.tail_end - self.tail_start)) as u64,
            head: first.bytes,
            tail: last.bytes,
            masked: first.masked + last.masked,
            cut: first.cut + last.cut,
        }
    }
}

/// The end of what is shown if it may not go through a character: `end`, or up to three bytes less.
fn end_of_character(bytes: &[u8], end: usize) -> usize {
    let is_continued = |at: usize| bytes.get(at).is_some_and(|byte| is_continuation(*byte));
    (end.saturating_sub(3)..=end).rev().find(|at| !is_continued(*at)).unwrap_or(end)
}

/// The start of what is shown, likewise.
fn start_of_character(bytes: &[u8], start: usize) -> usize {
    let continued = bytes[start..].iter().take(3).take_while(|byte| is_continuation(**byte)).count();
    start + continued
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}
