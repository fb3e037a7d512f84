//! What begins with a digit, or has one near its beginning: payment cards, bank accounts, IPv4 addresses, phone numbers.
//!
//! One pass goes from one run of digits to the next, and asks each pattern whether it begins there. None looks further
//! than some forty bytes.

mod card;
mod iban;
mod ipv4;
mod phone;

use std::ops::Range;

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
            let patterns: [(bool, fn(&[u8], Range<usize>) -> Option<Range<usize>>); 4] = [
                (self.card, card::at),
                (self.iban, iban::at),
                (self.ipv4, ipv4::at),
                (self.phone, phone::at),
            ];
            let wanted = patterns.into_iter().filter(|(wanted, _)| *wanted);
            found.extend(wanted.filter_map(|(_, at)| at(text, start..end)));
        }
    }
}

/// Where the next digit is. Runs of bytes without one are passed over in pieces that the compiler compares at a time.
fn next_digit(text: &[u8], from: usize) -> Option<usize> {
    const PIECE: usize = 32;
    let mut start = from;
    let rest = text.get(from..)?;
    for piece in rest.chunks(PIECE) {
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
