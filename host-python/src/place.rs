//! Where an exchange stands in its trace: what its parts need to know of it.

use std::fmt;

/// An exchange's place. It stays what it is when the exchange has ended, so that what comes after is still a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Never 0.
    pub(crate) trace: u128,
    /// Never 0.
    pub(crate) span: u64,
    pub(crate) flags: u8,
}

impl From<Place> for (u128, u64, u8) {
    fn from(place: Place) -> Self {
        (place.trace, place.span, place.flags)
    }
}

/// As a `traceparent` (<https://www.w3.org/TR/trace-context/#traceparent-header>), of version 00, which knows one flag.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SAMPLED: u8 = 1;
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, self.flags & SAMPLED)
    }
}
