//! Addresses of IPv4 in dotted decimal.

use std::ops::Range;

use super::super::bytes;

/// The address whose first number these digits are.
pub(super) fn at(text: &[u8], digits: Range<usize>) -> Option<Range<usize>> {
    let mut end = octet(text, digits.start)?;
    for _ in 0..3 {
        if text.get(end) != Some(&b'.') {
            return None;
        }
        end = octet(text, end + 1)?;
    }
    (begins(text, digits.start) && is_over(text, end)).then_some(digits.start..end)
}

/// Where the number ends that begins there, if it is less than 256.
fn octet(text: &[u8], start: usize) -> Option<usize> {
    let length = bytes::run(text, start, 4, |byte| byte.is_ascii_digit());
    let number = text.get(start..start + length)?;
    let value = number.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    ((1..=3).contains(&length) && value < 256).then_some(start + length)
}

/// Whether it is no part of a longer dotted number or name.
fn begins(text: &[u8], start: usize) -> bool {
    let is_part = bytes::at(text, start.checked_sub(1)) == Some(b'.')
        && bytes::at(text, start.checked_sub(2)).is_some_and(|byte| byte.is_ascii_alphanumeric());
    !is_part && bytes::begins(text, start)
}

fn is_over(text: &[u8], end: usize) -> bool {
    let goes_on = matches!(text.get(end..end + 2), Some([b'.', next]) if next.is_ascii_digit());
    !goes_on && bytes::ends(text, end)
}
