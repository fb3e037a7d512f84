//! Header maps as they cross the border.
//!
//! ```text
//! count                                 u32
//! length of name, length of value       u32 u32, count times
//! name 0 value 0                        bytes, each ended by a zero that its length does not count; count times
//! ```
//!
//! Integers are little-endian. Names and values are whatever bytes a peer sent.

use std::iter;

/// A header map that Envoy handed over.
#[derive(Debug, Default)]
pub(crate) struct Pairs(Vec<u8>);

impl Pairs {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Names and values, in their order, up to the first that is not all there.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        let (count, rest) = self.0.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
        let lengths = (u32::from_le_bytes(*count) as usize).saturating_mul(8);
        let (lengths, mut texts) = rest.split_at_checked(lengths).unwrap_or_default();
        let (lengths, _) = lengths.as_chunks::<8>();
        let mut lengths = lengths.iter();
        iter::from_fn(move || {
            let [a, b, c, d, e, f, g, h] = *lengths.next()?;
            let (name, rest) = ended(texts, u32::from_le_bytes([a, b, c, d]))?;
            let (value, rest) = ended(rest, u32::from_le_bytes([e, f, g, h]))?;
            texts = rest;
            Some((name, value))
        })
    }

    /// The first value of a name, which is to be given in lower case, as Envoy has them.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.iter().find_map(|(found, value)| (found == name).then_some(value))
    }

    /// The status of a response; `None` if there is none, or none that is a number.
    pub(crate) fn status(&self) -> Option<u16> {
        std::str::from_utf8(self.get(b":status")?).ok()?.parse().ok()
    }

    /// The same map as it goes to Envoy.
    pub(crate) fn encode(pairs: &[(&[u8], &[u8])]) -> Vec<u8> {
        let length = |text: &[u8]| u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes();
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&u32::try_from(pairs.len()).unwrap_or(u32::MAX).to_le_bytes());
        for (name, value) in pairs {
            bytes.extend_from_slice(&length(name));
            bytes.extend_from_slice(&length(value));
        }
        for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
            bytes.extend_from_slice(text);
            bytes.push(0);
        }
        bytes
    }
}

/// A text of so many bytes and the zero behind it, and what follows.
fn ended(bytes: &[u8], length: u32) -> Option<(&[u8], &[u8])> {
    let (text, rest) = bytes.split_at_checked(length as usize)?;
    Some((text, rest.split_first()?.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_header_map_is_read_in_its_order() {
        let pairs = Pairs::new(Pairs::encode(&[(b"a", b"1"), (b"b", b""), (b"a", b"2")]));
        let read: Vec<_> = pairs.iter().collect();
        assert_eq!(read, [(b"a".as_slice(), b"1".as_slice()), (b"b", b""), (b"a", b"2")]);
        assert_eq!((pairs.get(b"a"), pairs.get(b"c")), (Some(b"1".as_slice()), None));
    }

    #[test]
    fn an_empty_map_is_no_bytes() {
        assert_eq!(Pairs::default().iter().count(), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_map(bytes: Vec<u8>) {
            Pairs::new(bytes).iter().count();
        }

        #[test]
        fn a_map_that_was_cut_gives_whole_pairs_only(cut in 0_usize..40) {
            let mut bytes = Pairs::encode(&[(b"name", b"value"), (b"other", b"")]);
            bytes.truncate(cut);
            let pairs = Pairs::new(bytes);
            let whole = [(b"name".as_slice(), b"value".as_slice()), (b"other", b"")];
            prop_assert!(pairs.iter().zip(whole).all(|(read, whole)| read == whole));
        }
    }
}
