//! Numbers of payment cards (ISO/IEC 7812-1).

use std::ops::Range;

use super::super::bytes;

/// Digits of a number.
pub(super) const FEWEST: usize = 12;
const MOST: usize = 19;

/// The number that begins with these digits: the longest that ends where digits end, and has the right check digit.
pub(super) fn at(text: &[u8], digits: Range<usize>) -> Option<Range<usize>> {
    let start = digits.start;
    if digits.len() > MOST
        || !(digits.len() >= FEWEST || is_separator(text, digits.end))
        || !begins(text, start)
    {
        return None;
    }
    let (mut number, mut end, mut found) = (Number::default(), start, None);
    loop {
        while let Some(digit) = text.get(end).filter(|byte| byte.is_ascii_digit()) {
            if !number.push(digit - b'0') {
                return found;
            }
            end += 1;
        }
        if number.is_valid() && is_over(text, end) {
            found = Some(start..end);
        }
        if !is_separator(text, end) {
            return found;
        }
        end += 1;
    }
}

/// Whether another group of digits may follow.
fn is_separator(text: &[u8], at: usize) -> bool {
    matches!(text.get(at..at + 2), Some([b' ' | b'-', next]) if next.is_ascii_digit())
}

/// Whether no letter and no decimal point stands before it.
fn begins(text: &[u8], start: usize) -> bool {
    let before = bytes::at(text, start.checked_sub(1));
    let is_fraction = before == Some(b'.')
        && bytes::at(text, start.checked_sub(2)).is_some_and(|byte| byte.is_ascii_digit());
    !is_fraction && bytes::begins(text, start)
}

/// Whether neither a letter nor a fraction follows.
fn is_over(text: &[u8], end: usize) -> bool {
    let is_decimal = matches!(text.get(end..end + 2), Some([b'.', next]) if next.is_ascii_digit());
    !is_decimal && bytes::ends(text, end)
}

/// Digits as they come.
#[derive(Default)]
struct Number {
    length: usize,
    /// The first six.
    issuer: u32,
    /// Sums of the digits on even and on odd places, of which those on every other place from the right are doubled.
    plain: [u32; 2],
    doubled: [u32; 2],
}

impl Number {
    /// Adds a digit; false if there are too many.
    fn push(&mut self, digit: u8) -> bool {
        bytes::worked(1);
        let digit = u32::from(digit);
        if self.length < 6 {
            self.issuer = self.issuer * 10 + digit;
        }
        let place = self.length % 2;
        self.plain[place] += digit;
        self.doubled[place] += if digit > 4 { 2 * digit - 9 } else { 2 * digit };
        self.length += 1;
        self.length <= MOST
    }

    /// Whether it has the check digit of ISO/IEC 7812-1, annex B, and an issuer that gives out numbers of its length.
    fn is_valid(&self) -> bool {
        let last = (self.length + 1) % 2;
        let sum = self.plain[last] + self.doubled[1 - last];
        (FEWEST..=MOST).contains(&self.length) && sum.is_multiple_of(10) && self.has_issuer()
    }

    /// By the beginnings that the networks publish
    /// (<https://en.wikipedia.org/wiki/Payment_card_number#Issuer_identification_number_(IIN)>).
    fn has_issuer(&self) -> bool {
        let lengths = match self.issuer {
            400_000..=499_999 => [13, 16, 19].as_slice(),   // Visa
            510_000..=559_999 | 222_100..=272_099 => &[16], // Mastercard
            340_000..=349_999 | 370_000..=379_999 => &[15], // American Express
            300_000..=305_999 | 309_500..=309_599 | 360_000..=369_999 | 380_000..=399_999 => {
                &[14, 15, 16, 17, 18, 19] // Diners Club
            }
            352_800..=358_999 | 220_000..=220_499 | 620_000..=629_999 | 810_000..=829_999 => {
                &[16, 17, 18, 19] // JCB, Mir, UnionPay and RuPay
            }
            601_100..=601_199 | 644_000..=659_999 => &[16, 17, 18, 19], // Discover
            979_200..=979_299 => &[16],                                 // Troy
            500_000..=509_999 | 560_000..=699_999 => &[12, 13, 14, 15, 16, 17, 18, 19], // Maestro, and local ones
            _ => &[],
        };
        lengths.contains(&self.length)
    }
}
