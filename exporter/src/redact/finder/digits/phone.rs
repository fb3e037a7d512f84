//! Telephone numbers: international ones with their `+` (ITU-T E.164), and those of North America in groups.
//!
//! Others are like any number, and cannot be told from one.

use std::ops::Range;

use super::super::bytes;

/// Digits of an international number with its country code.
const FEWEST: usize = 7;
const MOST: usize = 15;

/// The number that begins with these digits, or right before them.
pub(super) fn at(text: &[u8], digits: Range<usize>) -> Option<Range<usize>> {
    international(text, digits.start).or_else(|| north_american(text, &digits))
}

fn international(text: &[u8], first: usize) -> Option<Range<usize>> {
    let plus = first.checked_sub(1).filter(|plus| text.get(*plus) == Some(&b'+'))?;
    let (mut end, mut count) = (first, 0);
    while count <= MOST {
        let group = bytes::run(text, end, MOST + 1, |byte| byte.is_ascii_digit());
        (end, count) = (end + group, count + group);
        let between =
            bytes::run(text, end, 2, |byte| matches!(byte, b' ' | b'-' | b'.' | b'(' | b')' | b'/'));
        if group == 0 || between == 0 || !text.get(end + between).is_some_and(u8::is_ascii_digit) {
            break;
        }
        end += between;
    }
    let is_number = (FEWEST..=MOST).contains(&count) && text.get(first) != Some(&b'0');
    (is_number && bytes::begins(text, plus) && bytes::ends(text, end)).then_some(plus..end)
}

/// `(415) 555-2671`, `415-555-2671`, `415.555.2671`.
fn north_american(text: &[u8], area: &Range<usize>) -> Option<Range<usize>> {
    let start = area.start - usize::from(bytes::at(text, area.start.checked_sub(1)) == Some(b'('));
    let rest = text.get(area.end..)?;
    let between = match (start < area.start, rest) {
        (true, [b')', b' ', ..]) => 2,
        (true, [b')', ..]) | (false, [b'-' | b'.' | b' ', ..]) => 1,
        _ => return None,
    };
    let line = rest.get(between..between + 8)?;
    let is_placed = |(place, byte): (usize, &u8)| match place {
        3 => matches!(byte, b'-' | b'.' | b' '),
        _ => byte.is_ascii_digit(),
    };
    // Neither area nor exchange begins with 0 or 1.
    let is_number = area.len() == 3
        && line.iter().enumerate().all(is_placed)
        && [text.get(area.start), line.first()]
            .into_iter()
            .flatten()
            .all(|first| matches!(first, b'2'..=b'9'));
    let end = area.end + between + 8;
    (is_number && bytes::begins(text, start) && bytes::ends(text, end)).then_some(start..end)
}
