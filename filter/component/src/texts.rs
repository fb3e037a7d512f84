//! Texts that arrive joined: one list of bytes, and where each text ends.

/// The texts, in order. Ends that go backwards or past the bytes give empty texts.
pub(crate) fn split<'a>(bytes: &'a [u8], ends: &'a [u32]) -> impl Iterator<Item = &'a [u8]> {
    let mut start = 0;
    ends.iter().map(move |end| {
        let end = *end as usize;
        let text = bytes.get(start..end).unwrap_or_default();
        start = end;
        text
    })
}

/// Texts that are name and value in turn; an odd one at the end is left out.
pub(crate) fn pairs<'a>(mut texts: impl Iterator<Item = &'a [u8]>) -> Vec<(&'a [u8], &'a [u8])> {
    std::iter::from_fn(|| Some((texts.next()?, texts.next()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_split_at_their_ends() {
        assert_eq!(split(b"abcd", &[1, 1, 4]).collect::<Vec<_>>(), [b"a".as_slice(), b"", b"bcd"]);
    }

    #[test]
    fn ends_that_cannot_be_give_empty_texts() {
        assert_eq!(split(b"abc", &[2, 1, 9, u32::MAX]).collect::<Vec<_>>(), [b"ab".as_slice(), b"", b"", b""]);
    }

    #[test]
    fn an_odd_text_makes_no_pair() {
        assert_eq!(pairs([b"a".as_slice(), b"b", b"c"].into_iter()), [(b"a".as_slice(), b"b".as_slice())]);
    }
}
