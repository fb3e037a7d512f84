//! Strings of JSON (RFC 8259, section 7): their escapes undone, and made.

use std::{borrow::Cow, fmt::Write as _, ops::Range};

use memchr::memchr;

/// A part of a string: bytes as they stand, or an escape and the character that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::redact) enum Part {
    /// Bytes as they stand.
    Plain(Range<usize>),
    /// An escape; one that is none stands for the character after its backslash, half of a surrogate pair for U+FFFD.
    Escape(Range<usize>, char),
}

/// Splits what stands between quotes.
#[derive(Debug, Clone)]
pub(in crate::redact) struct Parts<'b> {
    content: &'b [u8],
    at: usize,
}

impl<'b> Parts<'b> {
    pub(in crate::redact) fn new(content: &'b [u8]) -> Self {
        Self { content, at: 0 }
    }
}

impl Iterator for Parts<'_> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        let start = self.at;
        let rest = self.content.get(start..).filter(|rest| !rest.is_empty())?;
        let plain = memchr(b'\\', rest).unwrap_or(rest.len());
        if plain > 0 {
            self.at += plain;
            return Some(Part::Plain(start..self.at));
        }
        let (length, character) = escape(rest);
        // One that the end of the bytes cut stands for nothing.
        let length = length.min(rest.len());
        self.at += length;
        Some(Part::Escape(start..self.at, character))
    }
}

/// Length of the escape that `bytes` begin with, and what it stands for.
pub(in crate::redact) fn escape(bytes: &[u8]) -> (usize, char) {
    let character = match bytes.get(1) {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'u') => return unicode(bytes),
        Some(other) if other.is_ascii() => char::from(*other),
        // A backslash before a character of several bytes, which follows.
        Some(_) | None => return (1, '\\'),
    };
    (2, character)
}

/// `\u0041`, or two of them that are one character (RFC 2781).
fn unicode(bytes: &[u8]) -> (usize, char) {
    /// Of `\u0041`.
    const LENGTH: usize = 6;
    let Some(unit) = unit(bytes) else { return (2, 'u') };
    let low = bytes.get(LENGTH..).filter(|rest| rest.starts_with(b"\\u")).and_then(self::unit);
    let pair = low.and_then(|low| char::decode_utf16([unit, low]).next()).and_then(Result::ok);
    match (pair, char::from_u32(u32::from(unit))) {
        (_, Some(character)) => (LENGTH, character),
        (Some(character), None) => (2 * LENGTH, character),
        (None, None) => (LENGTH, char::REPLACEMENT_CHARACTER),
    }
}

fn unit(escape: &[u8]) -> Option<u16> {
    let digits = escape.get(2..6).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

/// What a string says.
pub(in crate::redact) fn decoded(content: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'\\', content).is_none() {
        return Cow::Borrowed(content);
    }
    let mut text = Vec::with_capacity(content.len());
    for part in Parts::new(content) {
        match part {
            Part::Plain(range) => text.extend_from_slice(&content[range]),
            Part::Escape(_, character) => {
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
    Cow::Owned(text)
}

/// What a value says: a string that has quotes, or as it stands.
pub(in crate::redact) fn unquoted(value: &[u8]) -> Cow<'_, [u8]> {
    let Some(content) = value.strip_prefix(b"\"") else { return Cow::Borrowed(value) };
    decoded(content.strip_suffix(b"\"").unwrap_or(content))
}

/// `text` as it stands between quotes.
pub(in crate::redact) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| matches!(c, '"' | '\\') || c.is_ascii_control()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            // Writing to a string does not fail.
            control if control.is_ascii_control() => drop(write!(out, "\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(content: &str) -> String {
        String::from_utf8(decoded(content.as_bytes()).into_owned()).expect("text")
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(text(r"a\n\t\/\\\u0041\u00e9\ud83d\ude00"), "a\n\t/\\Aé😀");
    }

    #[test]
    fn half_of_a_surrogate_pair_is_a_replacement_character() {
        assert_eq!(text(r"\ud83dx\ude00\ud83d\u0041"), "\u{fffd}x\u{fffd}\u{fffd}A");
    }

    #[test]
    fn what_is_no_escape_is_read_without_its_backslash() {
        assert_eq!(text(r"\p\u12\é"), "pu12\\é");
        assert_eq!(text("ab\\"), "ab\\");
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_read_back(any in ".{0,40}") {
            prop_assert_eq!(&text(&escaped(&any)), &any);
            let json = format!("\"{}\"", escaped(&any));
            prop_assert_eq!(serde_json::from_str::<String>(&json).expect("JSON"), any);
        }

        #[test]
        fn any_string_of_json_is_read_as_others_read_it(any in ".{0,40}") {
            let json = serde_json::to_string(&any).expect("JSON");
            prop_assert_eq!(text(&json[1..json.len() - 1]), any);
        }

        #[test]
        fn parts_follow_each_other_to_the_end(any in r#"[a\\u\{d83de00"é]{0,40}"#) {
            let mut end = 0;
            for part in Parts::new(any.as_bytes()) {
                let (Part::Plain(range) | Part::Escape(range, _)) = part;
                prop_assert_eq!(range.start, end);
                end = range.end;
            }
            prop_assert_eq!(end, any.len());
        }
    }
}
