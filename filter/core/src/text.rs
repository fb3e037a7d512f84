//! Bytes from strangers as text that can be stored and shown.

use std::borrow::Cow;

/// The longest prefix of `bytes` that has at most `max` bytes and does not end inside a UTF-8 character.
pub(crate) fn cut(bytes: &[u8], max: usize) -> &[u8] {
    let Some(prefix) = bytes.get(..max) else { return bytes };
    // A character has at most three continuation bytes; more of them were no UTF-8 to begin with.
    let continued = bytes.get(max).is_some_and(|next| is_continuation(*next));
    let trailing = prefix.iter().rev().take_while(|byte| is_continuation(**byte)).count();
    if !continued || trailing > 2 {
        return prefix;
    }
    prefix.get(..max.saturating_sub(trailing + 1)).unwrap_or(prefix)
}

fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

/// Text as it is if it is UTF-8, else read as ISO 8859-1, which gives every byte a character (RFC 9110, section 5.5).
pub(crate) fn readable(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
    }
}

/// The UTF-8 of at most `max` bytes of what was sent, [`readable`].
pub(crate) fn clipped(bytes: &[u8], max: usize) -> Cow<'_, [u8]> {
    let bytes = cut(bytes, max);
    if is_ascii(bytes) || std::str::from_utf8(bytes).is_ok() {
        Cow::Borrowed(bytes)
    } else {
        Cow::Owned(readable(bytes).into_owned().into_bytes())
    }
}

/// As the method of that name, without its preparations, which cost more than most texts here are long. The last word
/// overlaps the one before.
fn is_ascii(bytes: &[u8]) -> bool {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    let Some(last) = bytes.last_chunk::<8>() else {
        return bytes.iter().fold(0, |bits, byte| bits | byte).is_ascii();
    };
    let (words, _) = bytes.as_chunks::<8>();
    let bits = words.iter().fold(u64::from_le_bytes(*last), |bits, word| bits | u64::from_le_bytes(*word));
    bits & HIGH_BITS == 0
}

/// Decodes `%41` to `A`; what is no valid escape stays as it is (RFC 3986, section 2.1).
#[must_use]
pub fn percent_decoded(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.contains(&b'%') {
        return Cow::Borrowed(bytes);
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        match (byte, tail) {
            (b'%', [high, low, after @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                decoded.push(hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0));
                rest = after;
            }
            _ => {
                decoded.push(byte);
                rest = tail;
            }
        }
    }
    Cow::Owned(decoded)
}

/// The value of one hexadecimal digit of either case.
pub(crate) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cut_keeps_whole_characters() {
        let text = "aé€😀".as_bytes();
        let whole = [0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10];
        for (max, expected) in whole.into_iter().enumerate() {
            assert_eq!(cut(text, max).len(), expected, "cut at {max}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_read_as_latin_1() {
        assert_eq!(readable(b"caf\xe9"), "café");
    }

    #[test]
    fn percent_escapes_are_decoded_and_broken_ones_kept() {
        assert_eq!(percent_decoded(b"/he%61lth%zz%4").as_ref(), b"/health%zz%4");
    }

    proptest! {
        #[test]
        fn a_cut_of_valid_text_is_valid_text(text in ".{0,40}", max in 0_usize..80) {
            prop_assert!(std::str::from_utf8(cut(text.as_bytes(), max)).is_ok());
        }

        #[test]
        fn ascii_is_what_the_standard_library_says(bytes: Vec<u8>, text in "[a-z]{0,20}é?") {
            prop_assert_eq!(is_ascii(&bytes), bytes.is_ascii());
            prop_assert_eq!(is_ascii(text.as_bytes()), text.is_ascii());
        }

        #[test]
        fn a_cut_of_any_bytes_drops_at_most_three(bytes: Vec<u8>, max in 0_usize..40) {
            let kept = cut(&bytes, max).len();
            prop_assert!(kept <= max && kept + 3 >= max.min(bytes.len()));
        }
    }
}
