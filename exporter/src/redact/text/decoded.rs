//! Texts with their escapes undone, joined into one to be searched at once; it remembers where each byte came from.
//!
//! ```text
//! raw       {"a": "x\ny", "n": 12}
//! text      a"⏎x⏎y"⏎n"⏎12"⏎          ("⏎ stands between the parts, as a quote does in JSON)
//! runs      a · x · ⏎ · y · n · 12    (each: where in the text, where in raw)
//! ```

use std::{iter::Peekable, ops::Range, slice};

use crate::redact::{
    Redactor,
    edits::{Edits, Why},
    finder::GaveUp,
    piece::{Piece, leading_run, trailing_run},
};

/// Between parts: no secret goes over it.
const BETWEEN: &[u8] = b"\"\n";

#[derive(Debug, Clone, Copy)]
enum Origin {
    /// The same bytes.
    Same,
    /// An escape of this many bytes.
    Escape(u32),
    /// A number, or another value without quotes.
    Bare,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    /// Where it begins in the text, and its end there.
    text: usize,
    end: usize,
    /// Where it begins in the bytes as they passed.
    raw: usize,
    origin: Origin,
    /// Number of the part that it belongs to.
    part: u32,
}

/// Texts with their escapes undone.
#[derive(Debug, Default)]
pub(in crate::redact) struct Decoded {
    text: Vec<u8>,
    runs: Vec<Run>,
    part: u32,
}

/// Where a range of a decoded text came from: one for each part that it goes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::redact) struct Source {
    /// Of the bytes as they passed.
    pub(in crate::redact) raw: Range<usize>,
    /// Whether it is a value without quotes, as a whole.
    pub(in crate::redact) is_bare: bool,
    part: u32,
}

impl Decoded {
    /// With room for what `length` bytes mostly come to.
    pub(in crate::redact) fn with_room(length: usize) -> Self {
        Self { text: Vec::with_capacity(length + length / 8), runs: Vec::with_capacity(length / 12), part: 0 }
    }

    pub(in crate::redact) fn text(&self) -> &[u8] {
        &self.text
    }

    /// How many parts there are.
    pub(in crate::redact) fn parts(&self) -> u32 {
        self.part
    }

    /// Adds bytes that stand at `raw` as they are.
    pub(in crate::redact) fn push(&mut self, bytes: &[u8], raw: usize) {
        self.push_run(bytes, raw, Origin::Same);
    }

    /// Adds what an escape at `raw` stands for.
    pub(in crate::redact) fn push_escape(&mut self, decoded: &[u8], raw: Range<usize>) {
        self.push_run(decoded, raw.start, Origin::Escape(u32::try_from(raw.len()).unwrap_or(u32::MAX)));
    }

    /// Adds a value without quotes that stands at `raw`; it can only be replaced whole.
    pub(in crate::redact) fn push_bare(&mut self, bytes: &[u8], raw: usize) {
        self.push_run(bytes, raw, Origin::Bare);
    }

    fn push_run(&mut self, bytes: &[u8], raw: usize, origin: Origin) {
        let text = self.text.len();
        self.text.extend_from_slice(bytes);
        self.runs.push(Run { text, end: self.text.len(), raw, origin, part: self.part });
    }

    /// Ends a part that the next one continues: nothing is put between them.
    pub(in crate::redact) fn end_fragment(&mut self) {
        self.part += 1;
    }

    /// Ends a part.
    pub(in crate::redact) fn end_part(&mut self) {
        self.text.extend_from_slice(BETWEEN);
        self.part += 1;
    }

    /// Where the bytes `range` of the text came from.
    pub(in crate::redact) fn sources(&self, range: Range<usize>) -> Sources<'_> {
        let first = self.runs.partition_point(|run| run.end <= range.start);
        Sources { runs: self.runs[first..].iter().peekable(), range }
    }
    /// Replaces the bytes `at` of the text where they came from. What came from several parts is replaced in the first.
    pub(in crate::redact) fn replace(&self, at: Range<usize>, with: &str, why: Why, edits: &mut Edits) {
        for (number, source) in self.sources(at).enumerate() {
            let (with, why) = if number == 0 { (with, why) } else { ("", Why::Rest) };
            if source.is_bare {
                edits.push(source.raw, &format!("\"{with}\""), why);
            } else {
                edits.push(source.raw, with, why);
            }
        }
    }

    /// Masks the secrets in the text, of which `piece` is what passed.
    pub(in crate::redact) fn mask(
        &self,
        redactor: &Redactor,
        piece: &Piece<'_>,
        edits: &mut Edits,
    ) -> Result<(), GaveUp> {
        if redactor.finder.is_empty() {
            return Ok(());
        }
        let mut found = Vec::new();
        redactor.finder.find(&self.text, &mut found)?;
        for hit in found {
            let whole = self.sources(hit.clone()).all(|source| piece.has_whole(&source.raw));
            let mask = redactor.mask.of(&self.text[hit.clone()], whole);
            self.replace(hit, &mask, Why::Masked, edits);
        }
        for run in self.runs_at_edges(piece) {
            self.replace(run, &redactor.mask.of(b"", false), Why::Masked, edits);
        }
        Ok(())
    }

    /// The runs of characters at edges of the piece where bytes are missing.
    fn runs_at_edges(&self, piece: &Piece<'_>) -> impl Iterator<Item = Range<usize>> + use<> {
        let is_first = self.runs.first().is_some_and(|run| run.raw == 0);
        let first = (piece.cut_start && is_first).then(|| 0..leading_run(&self.text));
        let text = self.text.strip_suffix(BETWEEN).unwrap_or(&self.text);
        let end = self.sources(text.len().saturating_sub(1)..text.len()).last().map(|source| source.raw.end);
        let is_last = end == Some(piece.bytes.len());
        let last = (piece.cut_end && is_last).then(|| text.len() - trailing_run(text)..text.len());
        first.into_iter().chain(last).filter(|run| !run.is_empty())
    }
}

/// See [`Decoded::sources`].
#[derive(Debug)]
pub(in crate::redact) struct Sources<'d> {
    runs: Peekable<slice::Iter<'d, Run>>,
    range: Range<usize>,
}

impl Sources<'_> {
    fn of(&self, run: &Run) -> Option<Source> {
        let text = run.text.max(self.range.start)..run.end.min(self.range.end);
        if text.is_empty() {
            return None;
        }
        let raw = match run.origin {
            Origin::Same => run.raw + (text.start - run.text)..run.raw + (text.end - run.text),
            Origin::Escape(raw) => run.raw..run.raw + raw as usize,
            Origin::Bare => run.raw..run.raw + (run.end - run.text),
        };
        Some(Source { raw, is_bare: matches!(run.origin, Origin::Bare), part: run.part })
    }
}

impl Iterator for Sources<'_> {
    type Item = Source;

    fn next(&mut self) -> Option<Source> {
        while let Some(run) = self.runs.next_if(|run| run.text < self.range.end) {
            let Some(mut source) = self.of(run) else { continue };
            while let Some(next) =
                self.runs.next_if(|next| next.part == source.part && next.text < self.range.end)
            {
                if let Some(next) = self.of(next) {
                    source.raw.end = next.raw.end;
                }
            }
            return Some(source);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &Decoded, needle: &str) -> Vec<Range<usize>> {
        let all = str::from_utf8(text.text()).expect("text");
        let at = all.find(needle).expect("it is in the text");
        text.sources(at..at + needle.len()).map(|source| source.raw).collect()
    }

    #[test]
    fn an_escape_is_replaced_as_a_whole() {
        let mut text = Decoded::default();
        text.push(b"ab", 1);
        text.push_escape("é".as_bytes(), 3..9);
        text.push(b"cd", 9);
        assert_eq!(sources(&text, "béc"), vec![2..10]);
        assert_eq!(sources(&text, "é"), vec![3..9]);
    }

    #[test]
    fn what_goes_over_fragments_has_a_source_in_each() {
        let mut text = Decoded::default();
        for raw in [10, 20, 30] {
            text.push(b"abc", raw);
            text.end_fragment();
        }
        assert_eq!(sources(&text, "bcabca"), [11..13, 20..23, 30..31]);
    }

    #[test]
    fn a_number_is_replaced_whole() {
        let mut text = Decoded::default();
        text.push_bare(b"12345", 7);
        assert_eq!(sources(&text, "34"), vec![7..12]);
    }
}
