//! The keys of JSON whose values are secret.

use std::collections::HashSet;

use offpath_core::treatment::{SECRET_KEYS, normalised};

/// [`SECRET_KEYS`] and those of a treatment.
#[derive(Debug)]
pub(in crate::redact) struct Keys {
    normalised: HashSet<String>,
    /// By length, and by first letter: most keys are none, and known as none by these.
    lengths: u64,
    first: [bool; 256],
}

/// Bytes of the longest key that is normalised without an allocation.
const SHORT: usize = 63;

impl Keys {
    /// The built-in ones and `more`.
    pub(in crate::redact) fn new(more: &[String]) -> Self {
        let built_in = SECRET_KEYS.iter().map(|key| (*key).to_owned());
        let mut keys = Self { normalised: HashSet::new(), lengths: 0, first: [false; 256] };
        for key in built_in.chain(more.iter().map(|key| normalised(key))).filter(|key| !key.is_empty()) {
            keys.lengths |= 1 << key.len().min(SHORT);
            if let Some(first) = key.bytes().next() {
                keys.first[usize::from(first)] = true;
            }
            keys.normalised.insert(key);
        }
        keys
    }

    /// Whether values of this key, with its escapes undone, are secret.
    pub(in crate::redact) fn has(&self, key: &str) -> bool {
        if key.len() > SHORT || !key.is_ascii() {
            return self.normalised.contains(&normalised(key));
        }
        let (mut short, mut length) = ([0; SHORT], 0);
        for byte in key.bytes().filter(|byte| !matches!(byte, b'_' | b'-')) {
            short[length] = byte.to_ascii_lowercase();
            length += 1;
        }
        let may_be = self.lengths >> length & 1 == 1 && self.first[usize::from(short[0])];
        may_be && str::from_utf8(&short[..length]).is_ok_and(|key| self.normalised.contains(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_compared_without_case_hyphens_and_underscores() {
        let keys = Keys::new(&["Straßen-Name".to_owned(), "x".repeat(100)]);
        let long = "X-".repeat(100);
        for secret in [
            "password",
            "apiKey",
            "API-KEY",
            "__api_key",
            "client_secret",
            "straßenname",
            "STRAßEN_NAME",
            &long,
        ] {
            assert!(keys.has(secret), "{secret}");
        }
        for other in ["", "-", "pass", "passwords", "key", "straße"] {
            assert!(!keys.has(other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn a_key_is_secret_if_its_normal_form_is_one(key in "[pP][aA]_?[sS]{2}-?[wW][oO]_?[rR][dD]?|[a-zA-Zé_-]{0,8}", own in "[a-zé]{1,4}") {
            let normal = normalised(&key);
            let expected = SECRET_KEYS.contains(&normal.as_str()) || normal == own;
            prop_assert_eq!(Keys::new(&[own]).has(&key), expected);
        }
    }
}
