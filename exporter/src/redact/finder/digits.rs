//! What begins with a digit, or has one near its beginning: payment cards, bank accounts, IPv4 addresses, phone numbers.
//!
//! One pass goes from one run of digits to the next, and asks each pattern whether it begins there. None looks further
//! than some forty bytes.

mod card;
mod iban;
mod ipv4;
mod phone;

use std::ops::Range;

use super::bytes;

/// Which patterns are looked for.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Digits {
    pub(super) card: bool,
    pub(super) iban: bool,
    pub(super) ipv4: bool,
    pub(super) phone: bool,
}

impl Digits {
    pub(super) fn any(self) -> bool {
        self.card || self.iban || self.ipv4 || self.phone
    }

    pub(super) fn find(self, text: &[u8], found: &mut Vec<Range<usize>>) {
        if !self.any() {
            return;
        }
        let mut end = 0;
        while let Some(start) = next_digit(text, end) {
            end = end_of_digits(text, start);
            let before = bytes::at(text, start.checked_sub(1)).unwrap_or(b' ');
            let after = text.get(end).copied().unwrap_or(b' ');
            let length = end - start;
            // Most numbers are none of these, by what stands beside them.
            if self.card && (length >= card::FEWEST || matches!(after, b' ' | b'-')) {
                found.extend(card::at(text, start..end));
            }
            if self.iban && length > 1 && before.is_ascii_alphabetic() {
                found.extend(iban::at(text, start..end));
            }
            if self.ipv4 && length < 4 && after == b'.' {
                found.extend(ipv4::at(text, start..end));
            }
            if self.phone && (length == 3 || before == b'+') {
                found.extend(phone::at(text, start..end));
            }
        }
    }
}

/// Where the next digit is. Where it is far, bytes are passed over in pieces that the compiler compares at a time.
fn next_digit(text: &[u8], from: usize) -> Option<usize> {
    const NEAR: usize = 8;
    const PIECE: usize = 32;
    let rest = text.get(from..)?;
    if let Some(at) = rest.iter().take(NEAR).position(u8::is_ascii_digit) {
        return Some(from + at);
    }
    let mut start = from + NEAR;
    for piece in rest.get(NEAR..)?.chunks(PIECE) {
        let any = piece.iter().fold(false, |any, byte| any | byte.is_ascii_digit());
        if any {
            return piece.iter().position(u8::is_ascii_digit).map(|at| start + at);
        }
        start += piece.len();
    }
    None
}

fn end_of_digits(text: &[u8], start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    start + rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len())
}
