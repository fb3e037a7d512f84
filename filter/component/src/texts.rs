//! Texts that arrive joined: each preceded by its length in four bytes, little end first.

/// The texts, in order, up to the first that is not all there.
pub(crate) fn split(joined: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let mut rest = joined;
    std::iter::from_fn(move || {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let (text, behind) = behind.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        rest = behind;
        Some(text)
    })
}

/// Texts that are name and value in turn; an odd one at the end is left out.
pub(crate) fn pairs<'a>(
    mut texts: impl Iterator<Item = &'a [u8]> + Clone,
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone {
    std::iter::from_fn(move || Some((texts.next()?, texts.next()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_split_by_their_lengths() {
        let joined = b"\x01\0\0\0a\0\0\0\0\x02\0\0\0bc";
        assert_eq!(split(joined).collect::<Vec<_>>(), [b"a".as_slice(), b"", b"bc"]);
    }

    #[test]
    fn a_text_that_is_not_all_there_ends_them() {
        assert_eq!(split(b"\x01\0\0\0a\xff\xff\xff\xffb").collect::<Vec<_>>(), [b"a".as_slice()]);
        assert_eq!(split(b"\x01\0").count(), 0);
    }

    #[test]
    fn an_odd_text_makes_no_pair() {
        let pairs: Vec<_> = pairs([b"a".as_slice(), b"b", b"c"].into_iter()).collect();
        assert_eq!(pairs, [(b"a".as_slice(), b"b".as_slice())]);
    }
}
