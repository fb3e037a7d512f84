//! Header names that mean something, found at the price of one comparison.

use super::{Meaning, Role, Treatment};

/// Names in lower case, with what they mean: an open-addressed hash table of a hash that needs no loop over the name.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownNames {
    names: Vec<Known>,
    /// Positions in `names`, plus one; 0 is free. Twice as many slots as names, at least.
    slots: Vec<u16>,
}

#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) name: Box<[u8]>,
    key: u32,
    pub(super) meaning: Meaning,
}

impl KnownNames {
    /// What a name means, to be filled in. [`Self::index`] comes after the last one.
    pub(super) fn entry(&mut self, name: &str) -> &mut Meaning {
        let name = name.to_ascii_lowercase().into_bytes().into_boxed_slice();
        let position = self.names.iter().position(|known| known.name == name).unwrap_or_else(|| {
            let meaning = Meaning { allowed: false, treatment: Treatment::Keep, role: Role::None };
            self.names.push(Known { key: key(&name), name, meaning });
            self.names.len() - 1
        });
        #[allow(clippy::indexing_slicing, reason = "the position was found, or made, in the line above")]
        &mut self.names[position].meaning
    }

    pub(super) fn index(&mut self) {
        self.slots = vec![0; (self.names.len() * 2).next_power_of_two()];
        for (position, known) in self.names.iter().enumerate() {
            let free = probe(known.key, self.slots.len()).find(|slot| self.slots.get(*slot) == Some(&0));
            if let Some(slot) = free.and_then(|slot| self.slots.get_mut(slot)) {
                *slot = u16::try_from(position + 1).unwrap_or(0);
            }
        }
    }

    /// The entry of a name in whatever case.
    pub(super) fn find(&self, name: &[u8]) -> Option<&Known> {
        let key = key(name);
        for slot in probe(key, self.slots.len()) {
            let position = usize::from(*self.slots.get(slot)?).checked_sub(1)?;
            let known = self.names.get(position)?;
            if known.key == key && same(name, &known.name) {
                return Some(known);
            }
        }
        None
    }
}

/// The slots of a key, in the order in which they are tried: each once.
fn probe(key: u32, slots: usize) -> impl Iterator<Item = usize> {
    const MULTIPLIER: u32 = 0x9e37_79b1; // 2^32 divided by the golden ratio (Knuth, volume 3, section 6.4)
    let first = (key.wrapping_mul(MULTIPLIER) >> 16) as usize;
    (first..first + slots).map(move |slot| slot & slots.wrapping_sub(1))
}

/// Length, first and last letter without their case: tells nearly all names apart.
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

/// `==`, eight bytes at a time: in the guest, every access to memory is paid for.
fn equal(left: &[u8], right: &[u8]) -> bool {
    let (left, left_rest) = left.as_chunks::<8>();
    let (right, right_rest) = right.as_chunks::<8>();
    left.len() == right.len()
        && left_rest.len() == right_rest.len()
        && left.iter().zip(right).all(|(a, b)| u64::from_le_bytes(*a) == u64::from_le_bytes(*b))
        && left_rest.iter().zip(right_rest).all(|(a, b)| a == b)
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
        fn bytes_are_equal_eight_at_a_time_as_they_are_one_by_one(left: Vec<u8>, right: Vec<u8>) {
            prop_assert!(equal(&left, &left.clone()));
            prop_assert_eq!(equal(&left, &right), left == right);
        }
    }
}
