//! What is to stand in the place of parts of a body: gathered first, carried out once.
//!
//! Edits are in offsets of the bytes as they passed, so that it does not matter in what order secrets are found, and a
//! cut at an offset knows what it goes through.

use std::ops::Range;

use memchr::memchr_iter;

/// Why something is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// It is secret.
    Masked,
    /// It is the rest of a secret that was masked where it began, or what goes with one.
    Rest,
    /// It is summed up.
    Cut,
}

#[derive(Debug, Clone)]
struct Edit {
    at: Range<usize>,
    /// Where in `texts` its replacement is.
    with: Range<usize>,
    why: Why,
}

/// Replacements of parts of some bytes.
#[derive(Debug, Default)]
pub(super) struct Edits {
    list: Vec<Edit>,
    texts: String,
}

/// A part of some bytes as it is shown.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// What is shown.
    pub(super) bytes: Vec<u8>,
    /// The end of what it stands for.
    pub(super) end: usize,
    /// Values that are masked in it.
    pub(super) masked: u64,
    /// What is summed up in it.
    pub(super) cut: u64,
}

impl Edits {
    /// Has `with` stand in the place of the bytes `at`.
    pub(super) fn push(&mut self, at: Range<usize>, with: &str, why: Why) {
        let start = self.texts.len();
        self.texts.push_str(with);
        self.list.push(Edit { at, with: start..self.texts.len(), why });
    }

    /// Makes the edit that was pushed last reach to `end`.
    pub(super) fn extend_last(&mut self, end: usize) {
        if let Some(last) = self.list.last_mut() {
            last.at.end = last.at.end.max(end);
        }
    }

    /// The edits in the order in which they were pushed, or after [`Self::settle`] in that of the bytes.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Range<usize>, &str, Why)> {
        self.list.iter().map(|edit| (edit.at.clone(), &self.texts[edit.with.clone()], edit.why))
    }

    /// Adds the edits of `other`.
    pub(super) fn append(&mut self, other: &Self) {
        for (at, with, why) in other.iter() {
            self.push(at, with, why);
        }
    }

    /// Brings the edits in order. Of those that overlap, the one that begins first, or else is longer, or else was
    /// pushed last, stands for all.
    pub(super) fn settle(&mut self) {
        let in_order = |a: &Edit, b: &Edit| a.at.end <= b.at.start;
        if self.list.is_sorted_by(in_order) {
            return;
        }
        self.list.reverse();
        self.list.sort_by_key(|edit| (edit.at.start, usize::MAX - edit.at.end));
        self.list.dedup_by(|next, before| {
            let overlap = next.at.start < before.at.end;
            if overlap {
                before.at.end = before.at.end.max(next.at.end);
                if before.with.is_empty() && before.why == Why::Rest {
                    (before.with, before.why) = (next.with.clone(), next.why);
                }
            }
            overlap
        });
    }

    /// The bytes `part` of `bytes` with the edits made. One that reaches over the end is made whole; so is one that
    /// reaches over the start, unless it begins before `shown`, to where the bytes are shown already.
    pub(super) fn show(&self, bytes: &[u8], part: Range<usize>, shown: usize) -> Shown {
        let first = self.list.partition_point(|edit| edit.at.end <= part.start);
        let mut out = Shown { bytes: Vec::with_capacity(part.len()), end: part.start, masked: 0, cut: 0 };
        let edits = self.list[first..].iter().take_while(|edit| !part.is_empty() && edit.at.start < part.end);
        for edit in edits {
            out.bytes.extend_from_slice(bytes.get(out.end..edit.at.start).unwrap_or_default());
            out.end = edit.at.end;
            if edit.at.start < shown {
                continue;
            }
            out.bytes.extend_from_slice(self.texts[edit.with.clone()].as_bytes());
            match edit.why {
                Why::Masked => out.masked += 1,
                Why::Cut => out.cut += 1,
                Why::Rest => {}
            }
        }
        out.bytes.extend_from_slice(bytes.get(out.end..part.end).unwrap_or_default());
        out.end = out.end.max(part.end);
        out
    }

    /// For each of these offsets, which are in order, how many lines end in what is shown of the bytes before it.
    pub(super) fn lines_before(&self, bytes: &[u8], offsets: impl Iterator<Item = usize>) -> Vec<u64> {
        let (mut lines, mut counted) = (0, 0);
        let mut edits = self.list.iter().peekable();
        let before = |offset| {
            while let Some(edit) = edits.next_if(|edit| edit.at.start < offset) {
                lines += ends_of_lines(bytes, counted..edit.at.start);
                lines += ends_of_lines(self.texts.as_bytes(), edit.with.clone());
                counted = edit.at.end;
            }
            lines += ends_of_lines(bytes, counted..offset);
            counted = counted.max(offset);
            lines
        };
        offsets.map(before).collect()
    }
}

/// None, where the range is none.
fn ends_of_lines(bytes: &[u8], range: Range<usize>) -> u64 {
    let end = range.end.min(bytes.len());
    memchr_iter(b'\n', bytes.get(range.start..end).unwrap_or_default()).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(edits: &mut Edits, part: Range<usize>, before: usize) -> String {
        edits.settle();
        String::from_utf8(edits.show(b"0123456789", part, before).bytes).expect("text")
    }

    #[test]
    fn edits_are_made_in_the_order_of_the_bytes() {
        let mut edits = Edits::default();
        edits.push(7..9, "B", Why::Masked);
        edits.push(1..3, "A", Why::Masked);
        assert_eq!(shown(&mut edits, 0..10, 0), "0A3456B9");
    }

    #[test]
    fn edits_that_overlap_are_one() {
        let mut edits = Edits::default();
        edits.push(2..5, "long", Why::Masked);
        edits.push(2..4, "short", Why::Masked);
        edits.push(4..7, "after", Why::Masked);
        assert_eq!(shown(&mut edits, 0..10, 0), "01long789");
    }

    #[test]
    fn lines_are_those_of_what_is_shown() {
        let mut edits = Edits::default();
        edits.push(1..4, "mask", Why::Masked);
        edits.push(6..7, "\n\n", Why::Cut);
        // The mask has swallowed the ends of two lines; the other edit has two.
        let lines = edits.lines_before(b"a\nb\nc\nd", 0..10);
        assert_eq!(lines, [0, 0, 0, 0, 0, 0, 1, 3, 3, 3]);
    }

    #[test]
    fn an_edit_over_a_cut_is_made_whole_and_once() {
        let mut edits = Edits::default();
        edits.push(3..7, "X", Why::Masked);
        assert_eq!(shown(&mut edits, 0..5, 0), "012X");
        assert_eq!(shown(&mut edits, 6..10, 5), "789");
        assert_eq!(shown(&mut edits, 6..10, 2), "X789");
        assert_eq!(shown(&mut edits, 5..5, 0), "");
    }
}
