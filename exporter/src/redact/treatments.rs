//! Treatments as redactors: compiled once, and found again by their bytes.

mod keys;

pub(super) use self::keys::Keys;
