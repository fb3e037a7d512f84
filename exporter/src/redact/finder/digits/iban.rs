//! International bank account numbers (ISO 13616), together or in groups of four.

use std::ops::Range;

use super::super::bytes;

/// Length of a country's numbers, from the registry that SWIFT keeps for ISO 13616
/// (<https://www.swift.com/standards/data-standards/iban>).
const LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

/// The number whose check digits these are, or begin with.
pub(super) fn at(text: &[u8], digits: Range<usize>) -> Option<Range<usize>> {
    let start = digits.start.checked_sub(2)?;
    let country = [text.get(start)?.to_ascii_uppercase(), text.get(start + 1)?.to_ascii_uppercase()];
    if digits.len() < 2 || !country.iter().all(u8::is_ascii_uppercase) || !bytes::begins(text, start) {
        return None;
    }
    let (_, length) = LENGTHS.iter().find(|(code, _)| **code == country)?;
    let end = [end_together(text, start, *length), end_in_groups(text, start, *length)]
        .into_iter()
        .flatten()
        .max()?;
    is_valid(&text[start..end]).then_some(start..end)
}

fn end_together(text: &[u8], start: usize, length: usize) -> Option<usize> {
    let end = start + length;
    let all = text.get(start..end)?.iter().all(u8::is_ascii_alphanumeric);
    (all && bytes::ends(text, end)).then_some(end)
}

fn end_in_groups(text: &[u8], start: usize, length: usize) -> Option<usize> {
    let end = start + length + (length - 1) / 4;
    let is_placed = |(place, byte): (usize, &u8)| {
        if place % 5 == 4 { matches!(byte, b' ' | b'-') } else { byte.is_ascii_alphanumeric() }
    };
    let all = text.get(start..end)?.iter().enumerate().all(is_placed);
    (all && bytes::ends(text, end)).then_some(end)
}

/// ISO 7064, MOD 97-10: with the first four moved to the end, and letters as two digits, the rest is 1.
fn is_valid(number: &[u8]) -> bool {
    let letters = number.iter().filter(|byte| byte.is_ascii_alphanumeric());
    let moved = letters.clone().skip(4).chain(letters.take(4));
    let rest = moved.fold(0, |rest, letter| match char::from(*letter).to_digit(36) {
        Some(value @ 0..=9) => (rest * 10 + value) % 97,
        Some(value) => (rest * 100 + value) % 97,
        None => rest,
    });
    rest == 1
}
