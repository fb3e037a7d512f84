//! What follows `Bearer` (RFC 6750, section 2.1) and `Basic` (RFC 7617, section 2), in any case.
//!
//! Both are words of English too. A bearer's token is taken for one where it does not look like a word, or where
//! `authorization` stands before it; what follows `Basic` where it decodes to a name, a colon and a password.

use std::ops::Range;

use base64::{Engine as _, alphabet, engine};

use super::bytes;

/// A token of letters alone is this long, or it is a word.
const LONGEST_WORD: usize = 24;

/// Letters of basic credentials in which the colon is looked for; four of them are three bytes.
const MOST_BASIC: usize = 512;

/// How far before the word `authorization` may begin: `"authorization":  "Bearer`.
const MOST_BEFORE: usize = 20;

const BASE64: engine::GeneralPurpose = engine::GeneralPurpose::new(
    &alphabet::STANDARD,
    engine::GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(engine::DecodePaddingMode::Indifferent),
);

pub(super) fn find(text: &[u8], found: &mut Vec<Range<usize>>) {
    for at in memchr::memchr2_iter(b'b', b'B', text) {
        // All else begins with another letter: most of what is met here is in the midst of a word.
        let (length, is_token): (_, IsToken) = match text.get(at + 1) {
            Some(b'e' | b'E') if is_word(text, at, b"bearer") => (6, is_bearer_token),
            Some(b'a' | b'A') if is_word(text, at, b"basic") => (5, is_basic_credentials),
            _ => continue,
        };
        let blanks = blanks(text, at + length);
        if blanks == 0 || !bytes::begins(text, at) {
            continue;
        }
        let start = at + length + blanks;
        let token = token(&text[start..]);
        if is_token(&text[..at], token) {
            found.push(start..start + token.len());
        }
    }
}

fn is_word(text: &[u8], at: usize, word: &[u8]) -> bool {
    text.get(at..at + word.len()).is_some_and(|there| there.eq_ignore_ascii_case(word))
}

/// Bytes of blanks, as they are or as a URL has them.
fn blanks(text: &[u8], start: usize) -> usize {
    const MOST: usize = 16;
    let plain = bytes::run(text, start, MOST, |byte| matches!(byte, b' ' | b'\t' | b'+'));
    if plain == 0 && text.get(start..).is_some_and(|rest| rest.starts_with(b"%20")) { 3 } else { plain }
}

/// `b64token` of RFC 6750; a full stop at its end is that of the sentence.
fn token(text: &[u8]) -> &[u8] {
    let is_token =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    let letters = bytes::run(text, 0, usize::MAX, is_token);
    let padding = bytes::run(text, letters, 2, |byte| byte == b'=');
    let token = &text[..letters + padding];
    token.strip_suffix(b".").unwrap_or(token)
}

/// Whether it is what was looked for, by what stands before the word and by itself.
type IsToken = fn(&[u8], &[u8]) -> bool;

fn is_bearer_token(before: &[u8], token: &[u8]) -> bool {
    let is_word = token.len() < LONGEST_WORD && token.iter().skip(1).all(u8::is_ascii_lowercase);
    !token.is_empty() && (!is_word || follows_authorization(before))
}

fn is_basic_credentials(_before: &[u8], token: &[u8]) -> bool {
    BASE64.decode(&token[..token.len().min(MOST_BASIC)]).is_ok_and(|decoded| decoded.contains(&b':'))
}

fn follows_authorization(before: &[u8]) -> bool {
    const NAME: &[u8] = b"authorization";
    let before = &before[before.len().saturating_sub(MOST_BEFORE)..];
    let name = before.trim_ascii_end().iter().rposition(u8::is_ascii_alphabetic).map_or(0, |last| last + 1);
    name >= NAME.len() && before[name - NAME.len()..name].eq_ignore_ascii_case(NAME)
}
