//! JSON as it is shown: within limits, closed where it was cut, and valid.
//!
//! | what | stands as |
//! | --- | --- |
//! | a string of more than `max_string` characters | its first ones and `… (+1234 characters)` |
//! | items after `max_items` of an array, of an object | the item `"… 300 more items"`, the member `"…": "300 more"` |
//! | what is in a container on level `max_depth` | `"[… 12 items]"`, `"{… 5 members}"` |
//! | a body that was cut | closed, with `"… 51234 bytes left out"` or `"…": "51234 bytes left out"` where the cut is |
//! | the same with members at its end that are whole | the mark in the outermost container, and they after it |
//! | one that ends too early | closed, with `"… the body ends here"` there |
//! | `NaN`, `Infinity`, a number that no double holds | the same in quotes |
//! | a number of more than 64 characters | its first 64 and what is left out, in quotes |
//! | half of a surrogate pair | U+FFFD |
//!
//! What breaks the grammar in any other way is no JSON, and is shown as the text that it is.

mod scalar;

use std::io::Write as _;

use super::{
    grammar::Grammar,
    token::{Begins, Kind, Token, Tokens, is_blank},
};
use crate::redact::{JsonLimits, json::byte_order_mark};

/// Deeper JSON is refused by readers such as serde_json, whose limit is 128.
const DEEPEST: usize = 100;

/// JSON as it is shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::redact) struct Shaped {
    pub(in crate::redact) bytes: Vec<u8>,
    /// Strings, items and levels that were cut.
    pub(in crate::redact) cut: u64,
    /// How many of the last bytes nothing stands for: a key or a number that was cut.
    pub(in crate::redact) dropped: usize,
    /// Whether it is one document.
    pub(in crate::redact) is_one: bool,
}

/// What is being left out.
#[derive(Debug, Clone, Copy)]
struct Muted {
    /// How many containers are open where it is.
    depth: usize,
    /// Whether it is the rest of a container, not all of one.
    is_rest: bool,
    is_array: bool,
    commas: u64,
    is_empty: bool,
}

#[derive(Debug)]
struct Shaper<'t> {
    text: &'t str,
    limits: JsonLimits,
    out: Vec<u8>,
    /// How much of `out` may stand if nothing follows, and of `text` that is.
    stands: usize,
    read: usize,
    cut: u64,
    grammar: Grammar,
    /// Of what is open: its first byte, and how many items there were.
    levels: Vec<(u8, u64)>,
    muted: Option<Muted>,
    documents: u64,
}

/// Shapes what is shown of a body; `left_out` is how many bytes come after it that are not. `ending` is what comes after those:
/// the first byte of the outermost container, and members or items of it. `None`: it is no JSON, or has no such
/// ending.
pub(in crate::redact) fn shape(
    bytes: &[u8],
    left_out: Option<u64>,
    limits: JsonLimits,
    ending: Option<(u8, &[u8])>,
) -> Option<Shaped> {
    let valid = String::from_utf8_lossy(&bytes[byte_order_mark(bytes)..]);
    // A cut may have gone through the last character.
    let text = if left_out.is_some() { valid.trim_end_matches(char::REPLACEMENT_CHARACTER) } else { &*valid };
    let mut shaper = Shaper::new(text, limits);
    for token in Tokens::new(text.as_bytes(), 0, Begins::Outside) {
        let may_be_cut = token.end == text.len();
        if may_be_cut && shaper.take_last(&token, left_out.is_some())? {
            break;
        }
        shaper.take(&token)?;
    }
    let Some((first, members)) = ending else { return shaper.end(left_out, None) };
    // They can follow only what is open, and of the same kind.
    shaper.levels.first().filter(|level| level.0 == first)?;
    shaper.end(left_out, Some(shape_members(first, members, limits)?))
}

/// Shapes members or items alone.
fn shape_members(first: u8, members: &[u8], limits: JsonLimits) -> Option<Shaped> {
    let last = if first == b'{' { b'}' } else { b']' };
    // The first of them may have been dropped.
    let start = members.iter().position(|byte| !is_blank(*byte) && *byte != b',')?;
    let container = [&[first], &members[start..], &[last]].concat();
    let mut shaped = shape(&container, None, limits, None)?;
    shaped.bytes.pop();
    shaped.bytes.remove(0);
    (shaped.is_one && !shaped.bytes.is_empty() && limits.max_depth != Some(0)).then_some(shaped)
}

impl<'t> Shaper<'t> {
    fn new(text: &'t str, limits: JsonLimits) -> Self {
        Self {
            text,
            limits,
            out: Vec::with_capacity(text.len() + 64),
            stands: 0,
            read: 0,
            cut: 0,
            grammar: Grammar::new(),
            levels: Vec::new(),
            muted: None,
            documents: 0,
        }
    }

    /// Takes the last token if it is only a part of one. Returns whether it is.
    fn take_last(&mut self, token: &Token, is_cut: bool) -> Option<bool> {
        match token.kind {
            Kind::String { closed: false, .. } => {
                self.grammar.take(token).ok()?;
                let is_value = !self.grammar.awaits_colon();
                if is_value && self.muted.is_none() && self.begin_value() {
                    let content = &self.text[token.content()];
                    self.write_string(&content[..scalar::whole_escapes(content)], false);
                    self.stand(token.end);
                }
                Some(true)
            }
            // Of a number nobody knows whether it is all there.
            Kind::Bare if is_cut || !self.levels.is_empty() => Some(true),
            _ => Some(false),
        }
    }

    #[inline]
    fn take(&mut self, token: &Token) -> Option<()> {
        self.grammar.take(token).ok()?;
        if self.muted.is_some() {
            self.take_muted(token);
            return Some(());
        }
        match token.kind {
            Kind::Open(byte) => self.open(byte, token),
            Kind::Close(byte) => {
                self.levels.pop();
                self.out.push(byte);
                self.stand(token.end);
            }
            Kind::String { .. } if self.grammar.awaits_colon() => {
                if self.begin_item() {
                    self.write_key(&self.text[token.content()]);
                }
            }
            Kind::String { .. } => {
                if self.begin_value() {
                    self.write_string(&self.text[token.content()], true);
                    self.stand(token.end);
                }
            }
            Kind::Bare => {
                if self.begin_value() {
                    self.write_bare(&self.text[token.start..token.end])?;
                    self.stand(token.end);
                }
            }
            Kind::Comma | Kind::Colon => {}
        }
        Some(())
    }

    fn stand(&mut self, read: usize) {
        self.stands = self.out.len();
        self.read = read;
    }

    fn open(&mut self, byte: u8, token: &Token) {
        if !self.begin_value() {
            return;
        }
        let deepest = self.limits.max_depth.map_or(DEEPEST, |depth| DEEPEST.min(depth as usize));
        if self.levels.len() >= deepest {
            let is_array = byte == b'[';
            let depth = self.grammar.depth();
            self.muted = Some(Muted { depth, is_rest: false, is_array, commas: 0, is_empty: true });
            return;
        }
        self.levels.push((byte, 0));
        self.out.push(byte);
        self.stand(token.end);
    }

    /// Begins a value: in an array it is an item, in an object its key has begun the member. Returns whether it is
    /// shown.
    fn begin_value(&mut self) -> bool {
        match self.levels.last() {
            Some((b'[', _)) => self.begin_item(),
            Some(_) => true,
            None => {
                if self.documents > 0 {
                    self.out.push(b'\n');
                }
                self.documents += 1;
                true
            }
        }
    }

    /// Begins an item or a member. Returns whether it is shown.
    fn begin_item(&mut self) -> bool {
        let depth = self.levels.len();
        let Some((first, items)) = self.levels.last_mut() else { return true };
        if self.limits.max_items.is_some_and(|most| *items >= u64::from(most)) {
            let is_array = *first == b'[';
            self.muted = Some(Muted { depth, is_rest: true, is_array, commas: 0, is_empty: false });
            return false;
        }
        if *items > 0 {
            self.out.push(b',');
        }
        *items += 1;
        true
    }

    fn take_muted(&mut self, token: &Token) {
        let Some(muted) = &mut self.muted else { return };
        let depth = self.grammar.depth();
        if depth >= muted.depth {
            muted.is_empty = false;
            muted.commas += u64::from(token.kind == Kind::Comma && depth == muted.depth);
            return;
        }
        let muted = *muted;
        self.muted = None;
        self.write_mark(muted);
        if muted.is_rest {
            self.levels.pop();
            self.out.push(if muted.is_array { b']' } else { b'}' });
        }
        self.stand(token.end);
    }

    fn write_mark(&mut self, muted: Muted) {
        let count = muted.commas + 1;
        let one = if count == 1 { "" } else { "s" };
        let comma = if self.out.last() == Some(&b'[') || self.out.last() == Some(&b'{') { "" } else { "," };
        // Writing to a vector does not fail.
        let _ = match (muted.is_rest, muted.is_array) {
            (true, true) => write!(self.out, "{comma}\"… {count} more item{one}\""),
            (true, false) => write!(self.out, "{comma}\"…\":\"{count} more\""),
            (false, true) if muted.is_empty => write!(self.out, "[]"),
            (false, false) if muted.is_empty => write!(self.out, "{{}}"),
            (false, true) => write!(self.out, "\"[… {count} item{one}]\""),
            (false, false) => write!(self.out, "\"{{… {count} member{one}}}\""),
        };
        self.cut += u64::from(!muted.is_empty);
    }

    fn end(mut self, left_out: Option<u64>, ending: Option<Shaped>) -> Option<Shaped> {
        if self.documents == 0 {
            return None;
        }
        let is_open = !self.levels.is_empty() || self.muted.is_some();
        let dropped = if is_open && self.muted.is_none() { self.text.len() - self.read } else { 0 };
        if is_open {
            self.close(left_out.map(|bytes| bytes + dropped as u64), ending);
        }
        Some(Shaped { bytes: self.out, cut: self.cut, dropped, is_one: self.documents == 1 })
    }

    /// Closes what is open.
    fn close(&mut self, left_out: Option<u64>, ending: Option<Shaped>) {
        self.out.truncate(self.stands);
        if ending.is_some() {
            self.close_levels(1);
        }
        let mark = self.mark_of_end(left_out);
        let comma = if matches!(self.out.last(), Some(b'[' | b'{')) { "" } else { "," };
        // Writing to a vector does not fail.
        let _ = match self.levels.last() {
            Some((b'[', _)) => write!(self.out, "{comma}\"… {mark}\""),
            Some(_) => write!(self.out, "{comma}\"…\":\"{mark}\""),
            None => write!(self.out, "\"… {mark}\""),
        };
        if let Some(shaped) = ending {
            self.out.push(b',');
            self.out.extend_from_slice(&shaped.bytes);
            self.cut += shaped.cut;
        }
        self.close_levels(0);
    }

    /// What is said of what is not shown.
    fn mark_of_end(&mut self, left_out: Option<u64>) -> String {
        let end = left_out.map(|bytes| format!("{bytes} bytes left out"));
        let end = end.unwrap_or_else(|| "the body ends here".to_owned());
        let Some(muted) = self.muted else { return end };
        self.cut += 1;
        if !muted.is_rest {
            return end;
        }
        format!("{} more, {end}", muted.commas + 1)
    }

    fn close_levels(&mut self, depth: usize) {
        for (first, _) in self.levels.drain(depth..).rev() {
            self.out.push(if first == b'[' { b']' } else { b'}' });
        }
    }
}

#[cfg(test)]
mod tests;
