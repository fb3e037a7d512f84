//! What stands in the place of a secret.
//!
//! | `mask` | a value | a value that was cut, or is too short |
//! | --- | --- | --- |
//! | `redact` | `[redacted]` | `[redacted]` |
//! | `hash` | `[redacted:d5f8c0a2b3e49716]`, the same for the same value under the same key | `[redacted]` |
//! | `partial` | `[redacted…1234]`, its last four characters | `[redacted]` |
//! | `drop` | nothing: the header, parameter or member goes with it | nothing |
//!
//! The hash is HMAC-SHA-256 (RFC 2104) cut to 64 bits: without the key, values cannot be guessed and compared.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::{borrow::Cow, fmt::Write as _};

/// What stands in the place of a secret of which nothing is told.
pub const REDACTED: &str = "[redacted]";
/// Characters that `partial` keeps; a value shorter than four times as many is masked whole.
const LAST: usize = 4;
const SHORTEST_PARTIAL: usize = 4 * LAST;
/// Bytes of the hash that are shown.
const HASH: usize = 8;

/// What is told of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum MaskKind {
    /// Nothing but that it was there.
    Redact = 0,
    /// Whether two are the same.
    Hash = 1,
    /// Its last four characters.
    Partial = 2,
    /// Nothing at all.
    Drop = 3,
}

/// How secrets are masked.
#[derive(Clone, Debug)]
pub struct Mask {
    kind: MaskKind,
    /// The HMAC with its key, of which every hash is a copy.
    keyed: Option<Hmac<Sha256>>,
}

impl Default for Mask {
    fn default() -> Self {
        Self::new(MaskKind::Redact, &[])
    }
}

impl Mask {
    /// A mask of this kind; `key` is that of hashes. A hash without a key is refused by the configuration; here it is
    /// [`MaskKind::Redact`].
    #[must_use]
    pub fn new(kind: MaskKind, key: &[u8]) -> Self {
        let keyed =
            (kind == MaskKind::Hash && !key.is_empty()).then(|| Hmac::new_from_slice(key).ok()).flatten();
        Self { kind, keyed }
    }

    /// Whether what is masked goes, with its name and all.
    #[must_use]
    pub fn drops(&self) -> bool {
        self.kind == MaskKind::Drop
    }

    /// Whether what is masked can still be told from another.
    #[must_use]
    pub fn hashes(&self) -> bool {
        self.keyed.is_some()
    }

    /// What stands in the place of `value`; empty if it [drops](Self::drops). `whole`: nothing of it was cut off.
    #[must_use]
    pub fn of(&self, value: &[u8], whole: bool) -> Cow<'static, str> {
        match (self.kind, &self.keyed) {
            (MaskKind::Drop, _) => Cow::Borrowed(""),
            (MaskKind::Hash, Some(keyed)) if whole => Cow::Owned(hashed(keyed.clone(), value)),
            (MaskKind::Partial, _) if whole => partial(value),
            _ => Cow::Borrowed(REDACTED),
        }
    }
}

fn hashed(mut keyed: Hmac<Sha256>, value: &[u8]) -> String {
    keyed.update(value);
    let hash = keyed.finalize().into_bytes();
    let mut text = String::with_capacity(REDACTED.len() + 1 + 2 * HASH);
    text.push_str("[redacted:");
    for byte in hash.iter().take(HASH) {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push(']');
    text
}

fn partial(value: &[u8]) -> Cow<'static, str> {
    let text = String::from_utf8_lossy(value);
    let count = text.chars().count();
    let last: String = text.chars().skip(count.saturating_sub(LAST)).collect();
    // What would end the mask, or a JSON string around it, is no part of it.
    if count < SHORTEST_PARTIAL || !last.chars().all(char::is_alphanumeric) {
        return Cow::Borrowed(REDACTED);
    }
    Cow::Owned(format!("[redacted…{last}]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"a key of sixteen";

    fn of(kind: MaskKind, value: &str, whole: bool) -> String {
        Mask::new(kind, KEY).of(value.as_bytes(), whole).into_owned()
    }

    #[test]
    fn equal_values_have_equal_hashes_and_others_have_others() {
        let hash = of(MaskKind::Hash, "alice", true);
        assert_eq!(hash, of(MaskKind::Hash, "alice", true));
        assert_ne!(hash, of(MaskKind::Hash, "alicf", true));
        assert_ne!(hash, Mask::new(MaskKind::Hash, b"another key").of(b"alice", true));
        assert_eq!(hash.len(), "[redacted:0123456789abcdef]".len());
    }

    /// HMAC-SHA-256 of RFC 4231, test case 2.
    #[test]
    fn a_hash_is_the_beginning_of_the_hmac() {
        let mask = Mask::new(MaskKind::Hash, b"Jefe");
        assert_eq!(mask.of(b"what do ya want for nothing?", true), "[redacted:5bdcc146bf60754e]");
    }

    #[test]
    fn the_last_four_of_a_long_value_may_be_kept_and_of_a_short_one_none() {
        assert_eq!(of(MaskKind::Partial, "4111111111111111", true), "[redacted…1111]");
        assert_eq!(of(MaskKind::Partial, "hunter2", true), "[redacted]");
        assert_eq!(of(MaskKind::Partial, "0123456789abcd\"}]", true), "[redacted]");
    }

    #[test]
    fn of_a_value_that_was_cut_nothing_is_told() {
        assert_eq!(of(MaskKind::Hash, "alice", false), "[redacted]");
        assert_eq!(of(MaskKind::Partial, "4111111111111111", false), "[redacted]");
    }

    #[test]
    fn what_is_dropped_leaves_nothing() {
        assert_eq!(of(MaskKind::Drop, "alice", true), "");
    }
}
