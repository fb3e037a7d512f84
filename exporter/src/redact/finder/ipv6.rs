//! Addresses of IPv6 in all their textual forms (RFC 4291, section 2.2; RFC 5952).

use std::{net::Ipv6Addr, ops::Range};

use super::bytes;

/// The longest form has 45 bytes; what follows a colon before it, or comes before one after it, has five more each.
const MOST: usize = 64;

pub(super) fn find(text: &[u8], found: &mut Vec<Range<usize>>) {
    let mut done = 0;
    for colon in memchr::memchr_iter(b':', text) {
        if colon < done || !(is_part(text, colon.checked_sub(1)) || text.get(colon + 1) == Some(&b':')) {
            continue;
        }
        let before = text[done..colon].iter().rev().take_while(|byte| is_letter(**byte)).take(MOST).count();
        bytes::worked(before);
        let start = colon - before;
        done = start + bytes::run(text, start, usize::MAX, is_letter);
        if done - start <= MOST {
            found.extend(address(text, start..done));
        }
    }
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')
}

fn is_part(text: &[u8], place: Option<usize>) -> bool {
    bytes::at(text, place).is_some_and(|byte| byte.is_ascii_hexdigit())
}

/// The address in a run of such letters: the whole of it, or what is left without `key:` before it, or without a port,
/// a colon or a full stop after it.
fn address(text: &[u8], run: Range<usize>) -> Option<Range<usize>> {
    let letters = &text[run.clone()];
    let mut starts = vec![0];
    starts.extend(letters.iter().position(|byte| *byte == b':').map(|colon| colon + 1));
    let mut ends = vec![letters.len()];
    ends.extend(letters.iter().rposition(|byte| matches!(byte, b':' | b'.')));
    let candidates = starts.into_iter().flat_map(|start| ends.iter().map(move |end| start..*end));
    candidates
        .map(|within| run.start + within.start..run.start + within.end)
        .find(|range| range.start < range.end && is_address(text, range))
}

fn is_address(text: &[u8], range: &Range<usize>) -> bool {
    let Ok(letters) = str::from_utf8(&text[range.clone()]) else { return false };
    // `::` alone is any address, and stands in programs for other things.
    letters.len() > 2
        && letters.parse::<Ipv6Addr>().is_ok()
        && bytes::begins(text, range.start)
        && bytes::ends(text, range.end)
}
