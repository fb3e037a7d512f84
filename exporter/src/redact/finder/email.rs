//! Addresses of e-mail: what is in use of RFC 5321 and RFC 5322, with letters of all scripts (RFC 6531).

use std::ops::Range;

use super::bytes;

/// Bytes of a local part and of a domain (RFC 5321, section 4.5.3.1).
const MOST_LOCAL: usize = 64;
const MOST_DOMAIN: usize = 255;

pub(super) fn find(text: &[u8], found: &mut Vec<Range<usize>>) {
    let mut done = 0;
    for at in memchr::memchr_iter(b'@', text) {
        let local = local(&text[done..at]);
        let domain = if local == 0 { 0 } else { domain(&text[at + 1..]) };
        if domain > 0 {
            done = at + 1 + domain;
            found.push(at - local..done);
        }
    }
}

/// Bytes of the local part at the end of `before`. Of one that is too long, the last are taken for it.
fn local(before: &[u8]) -> usize {
    let mut length = 0;
    while let Some(c) = last_char(&before[..before.len() - length]) {
        if !is_local(c) || length + c.len_utf8() > MOST_LOCAL {
            break;
        }
        length += c.len_utf8();
    }
    let local = &before[before.len() - length..];
    if bytes::at(before, before.len().checked_sub(length + 1)) == Some(b'\\') {
        // The letter of an escape such as `\n`.
        return length.saturating_sub(1);
    }
    // Quotes and dots around it are none of it.
    length - local.iter().take_while(|byte| matches!(byte, b'.' | b'\'')).count()
}

/// Bytes of the domain at the start of `after`; 0 if it has no dot, or does not end as names do.
fn domain(after: &[u8]) -> usize {
    let (mut length, mut end, mut label) = (0, 0, Label::default());
    let mut labels = 0;
    loop {
        let c = first_char(&after[length..]).filter(|c| length + c.len_utf8() <= MOST_DOMAIN);
        match c {
            Some(c) if c == '-' || c.is_alphanumeric() => label.push(c),
            _ if !label.is_whole() => return end,
            c => {
                labels += 1;
                if labels > 1 && label.begins_with_letter && label.chars > 1 {
                    end = length;
                }
                if c != Some('.') {
                    return end;
                }
                label = Label::default();
            }
        }
        length += c.map_or(0, char::len_utf8);
    }
}

/// One name of a domain's.
#[derive(Default)]
struct Label {
    chars: usize,
    begins_with_letter: bool,
    begins_with_hyphen: bool,
    ends_with_hyphen: bool,
}

impl Label {
    fn push(&mut self, c: char) {
        if self.chars == 0 {
            (self.begins_with_letter, self.begins_with_hyphen) = (c.is_alphabetic(), c == '-');
        }
        self.chars += 1;
        self.ends_with_hyphen = c == '-';
    }

    fn is_whole(&self) -> bool {
        self.chars > 0 && !self.begins_with_hyphen && !self.ends_with_hyphen
    }
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'' | '~' | '!' | '#' | '$' | '*' | '^')
}

fn first_char(text: &[u8]) -> Option<char> {
    bytes::worked(1);
    let first = *text.first()?;
    if first.is_ascii() {
        return Some(first.into());
    }
    text[..text.len().min(4)].utf8_chunks().next()?.valid().chars().next()
}

fn last_char(text: &[u8]) -> Option<char> {
    bytes::worked(1);
    let last = *text.last()?;
    if last.is_ascii() {
        return Some(last.into());
    }
    let is_start = |byte: &u8| byte & 0b1100_0000 != 0b1000_0000;
    let after_start = text.iter().rev().take(4).position(is_start)?;
    str::from_utf8(&text[text.len() - 1 - after_start..]).ok()?.chars().next()
}
