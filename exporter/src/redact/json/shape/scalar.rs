//! Strings and numbers as they are shown.

use std::io::Write as _;

use memchr::memchr;

use super::Shaper;
use crate::redact::json::{
    grammar::is_literal,
    string::{Part, Parts, escaped},
};

/// Longest number that is shown as one.
const LONGEST_NUMBER: usize = 64;

impl Shaper<'_> {
    pub(super) fn write_key(&mut self, content: &str) {
        self.out.push(b'"');
        self.write_content(content, usize::MAX);
        self.out.extend_from_slice(b"\":");
    }

    /// Writes a string; `whole`: its end was there.
    pub(super) fn write_string(&mut self, content: &str, whole: bool) {
        // As many bytes hold no more characters: none need be counted.
        let most = self.limits.max_string.map_or(usize::MAX, |most| most as usize);
        let most = if content.len() <= most { usize::MAX } else { most };
        self.out.push(b'"');
        let more = self.write_content(content, most);
        self.cut += u64::from(more > 0);
        // Writing to a vector does not fail.
        let _ = match (more, whole) {
            (0, true) => Ok(()),
            (_, false) => write!(self.out, "…"),
            (1, true) => write!(self.out, "… (+1 character)"),
            (_, true) => write!(self.out, "… (+{more} characters)"),
        };
        self.out.push(b'"');
    }

    /// Writes the first `most` characters of a string. Returns how many there are more.
    fn write_content(&mut self, content: &str, most: usize) -> usize {
        if memchr(b'\\', content.as_bytes()).is_none() {
            return self.write_plain(content, most);
        }
        let (mut room, mut more) = (most, 0);
        for part in Parts::new(content.as_bytes()) {
            match part {
                Part::Plain(at) => {
                    let plain = &content[at];
                    more += self.write_plain(plain, room);
                    room = if more > 0 { 0 } else { room - length(plain, room) };
                }
                Part::Escape(..) if room == 0 => more += 1,
                Part::Escape(at, character) => {
                    self.write_escape(&content[at], character);
                    room -= 1;
                }
            }
        }
        more
    }

    fn write_plain(&mut self, plain: &str, most: usize) -> usize {
        let cut = if plain.len() > most { plain.char_indices().nth(most) } else { None };
        let (shown, rest) = plain.split_at(cut.map_or(plain.len(), |(at, _)| at));
        if shown.bytes().any(|byte| byte < b' ') {
            self.out.extend_from_slice(escaped(shown).as_bytes());
        } else {
            self.out.extend_from_slice(shown.as_bytes());
        }
        rest.chars().count()
    }

    fn write_escape(&mut self, escape: &str, character: char) {
        let is_right = match escape.as_bytes() {
            [_, b'u', digits @ ..] => character != char::REPLACEMENT_CHARACTER && digits.len() >= 4,
            [_, second] => b"\"\\/bfnrt".contains(second),
            _ => false,
        };
        if is_right {
            self.out.extend_from_slice(escape.as_bytes());
        } else {
            let mut buffer = [0; 4];
            let text = escaped(character.encode_utf8(&mut buffer));
            self.out.extend_from_slice(text.as_bytes());
        }
    }

    /// Writes a value without quotes; `None` if it is none of JSON's, nor of those that are often written.
    pub(super) fn write_bare(&mut self, text: &str) -> Option<()> {
        if matches!(text, "NaN" | "Infinity" | "-Infinity") {
            let _ = write!(self.out, "\"{text}\"");
            return Some(());
        }
        if !is_literal(text.as_bytes()) {
            return None;
        }
        if text.len() > LONGEST_NUMBER {
            self.cut += 1;
            let (shown, more) = text.split_at(LONGEST_NUMBER);
            let _ = write!(self.out, "\"{shown}… (+{} characters)\"", more.len());
        } else if text.contains(['e', 'E']) && text.parse().is_ok_and(f64::is_infinite) {
            let _ = write!(self.out, "\"{text}\"");
        } else {
            self.out.extend_from_slice(text.as_bytes());
        }
        Some(())
    }
}

/// Characters of a text of which `room` are left; without a limit none are counted.
fn length(text: &str, room: usize) -> usize {
    if room > usize::MAX / 2 { 0 } else { text.chars().count() }
}

/// How much of a string there is before an escape that the end of the string cut.
pub(super) fn whole_escapes(content: &str) -> usize {
    let bytes = content.as_bytes();
    for part in Parts::new(bytes) {
        let Part::Escape(at, character) = part else { continue };
        let rest = &bytes[at.start..];
        let is_cut = match rest.get(1) {
            None => true,
            Some(b'u') => rest.len() < 6 || character == char::REPLACEMENT_CHARACTER && rest.len() < 12,
            Some(_) => false,
        };
        if is_cut {
            return at.start;
        }
    }
    content.len()
}
