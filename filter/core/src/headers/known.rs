//! Header names that mean something, found at the price of one comparison.

use super::{Meaning, Treatment};

/// Names in lower case, with what they mean: an open-addressed hash table of a hash that needs no loop over the name.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownNames {
    names: Vec<Known>,
    /// At least twice as many as names, so that every search meets a free one.
    slots: Vec<Slot>,
}

#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) name: Box<[u8]>,
    pub(super) meaning: Meaning,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// 0: free. No name has that key.
    key: u32,
    position: u32,
}

impl KnownNames {
    /// What a name means, to be filled in. [`Self::index`] comes after the last one.
    pub(super) fn entry(&mut self, name: &str) -> &mut Meaning {
        let name = name.to_ascii_lowercase().into_bytes().into_boxed_slice();
        let position = self.names.iter().position(|known| known.name == name).unwrap_or_else(|| {
            let meaning = Meaning { allowed: false, treatment: Treatment::Keep, slot: None };
            self.names.push(Known { name, meaning });
            self.names.len() - 1
        });
        #[allow(clippy::indexing_slicing, reason = "the position was found, or made, in the line above")]
        &mut self.names[position].meaning
    }

    pub(super) fn index(&mut self) {
        self.slots = vec![Slot::default(); (self.names.len() * 2 + 1).next_power_of_two()];
        for (position, known) in (0..).zip(&self.names) {
            let key = key(&known.name);
            let mut at = first_slot(key);
            while self.slot(at).is_some_and(|slot| slot.key != 0) {
                at = at.wrapping_add(1);
            }
            let mask = self.slots.len().wrapping_sub(1);
            if let Some(slot) = self.slots.get_mut(at & mask) {
                *slot = Slot { key, position };
            }
        }
    }

    /// The entry of a name in whatever case.
    #[inline(always)]
    pub(super) fn find(&self, name: &[u8]) -> Option<&Known> {
        let key = key(name);
        let mut at = first_slot(key);
        loop {
            let slot = self.slot(at)?;
            if slot.key == 0 {
                return None;
            }
            if slot.key == key {
                let known = self.names.get(slot.position as usize)?;
                if same(name, &known.name) {
                    return Some(known);
                }
            }
            at = at.wrapping_add(1);
        }
    }

    fn slot(&self, at: usize) -> Option<&Slot> {
        self.slots.get(at & self.slots.len().wrapping_sub(1))
    }
}

/// Where the search for a key begins; the table's size cuts it down.
fn first_slot(key: u32) -> usize {
    const MULTIPLIER: u32 = 0x9e37_79b1; // 2^32 divided by the golden ratio (Knuth, volume 3, section 6.4)
    (key.wrapping_mul(MULTIPLIER) >> 16) as usize
}

/// Length, first and last letter without their case: tells nearly all names apart. Never 0.
fn key(name: &[u8]) -> u32 {
    const LOWER: u8 = 0x20;
    let letter = |byte: Option<&u8>| u32::from(byte.copied().unwrap_or(0) | LOWER);
    let length = u32::try_from(name.len()).unwrap_or(u32::MAX) & 0xffff;
    length << 16 | letter(name.first()) << 8 | letter(name.last())
}

/// Hosts hand names over in lower case, but nothing holds them to it.
fn same(name: &[u8], lower: &[u8]) -> bool {
    equal(name, lower) || name.eq_ignore_ascii_case(lower)
}

/// `==`, a word at a time: in the guest, every access to memory is paid for. The last word overlaps the one before.
fn equal(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    match (left.last_chunk::<8>(), right.last_chunk::<8>()) {
        (Some(a), Some(b)) => {
            let (left, _) = left.as_chunks::<8>();
            let (right, _) = right.as_chunks::<8>();
            word(a) == word(b) && left.iter().zip(right).all(|(a, b)| word(a) == word(b))
        }
        _ => left.iter().zip(right).all(|(a, b)| a == b),
    }
}

fn word(bytes: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_name_is_found_in_any_case_and_no_other(
            names in proptest::collection::hash_set("[a-z-]{1,12}", 0..40),
            other in "[a-z-]{1,12}",
        ) {
            let mut known = KnownNames::default();
            for name in &names {
                known.entry(name).allowed = true;
            }
            known.index();
            for name in &names {
                prop_assert!(known.find(name.to_uppercase().as_bytes()).is_some_and(|found| &*found.name == name.as_bytes()));
            }
            prop_assert_eq!(known.find(other.as_bytes()).is_some(), names.contains(&other));
        }

        #[test]
        fn bytes_are_equal_by_words_as_they_are_one_by_one(left: Vec<u8>, right: Vec<u8>) {
            prop_assert!(equal(&left, &left.clone()));
            prop_assert_eq!(equal(&left, &right), left == right);
        }
    }
}
