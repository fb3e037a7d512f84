//! Ids of events, traces and spans.
//!
//! They come from the kernel's generator and not from Python's `random`, which apps seed: ids would repeat. One system
//! call fetches enough for many exchanges.

use rustix::rand::{GetRandomFlags, getrandom};

/// Bytes of randomness that one exchange needs: 10 for its event, 16 for its trace, 8 for its span.
const PER_EXCHANGE: usize = 34;
const POOL: usize = 32 * PER_EXCHANGE;

/// Ids for one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ids {
    /// Laid out as a UUID of version 7 (RFC 9562, section 5.7), so that ids sort by time.
    pub(crate) event: u128,
    /// Never 0.
    pub(crate) trace: u128,
    /// Never 0.
    pub(crate) span: u64,
}

/// Randomness fetched and not used yet. A forked child must not use what its parent fetched; see [`Pool::clear`].
#[derive(Debug)]
pub(crate) struct Pool {
    bytes: [u8; POOL],
    left: usize,
}

impl Pool {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; POOL], left: 0 }
    }

    /// Ids for an exchange that begins now; `None` if the kernel gives no randomness.
    pub(crate) fn next(&mut self, unix_ns: u64) -> Option<Ids> {
        if self.left < PER_EXCHANGE {
            self.left = getrandom(&mut self.bytes, GetRandomFlags::empty()).ok()?;
        }
        let event = time_ordered(unix_ns, self.take::<10>()?);
        let trace = u128::from_ne_bytes(self.take()?).max(1);
        let span = u64::from_ne_bytes(self.take()?).max(1);
        Some(Ids { event, trace, span })
    }

    /// Forgets what was fetched.
    pub(crate) fn clear(&mut self) {
        self.left = 0;
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let rest = self.left.checked_sub(N)?;
        let taken = self.bytes.get(rest..self.left)?.try_into().ok()?;
        self.left = rest;
        Some(taken)
    }
}

/// 48 bits of milliseconds, the version, 12 random bits, the variant, 62 random bits.
fn time_ordered(unix_ns: u64, random: [u8; 10]) -> u128 {
    const VERSION: u128 = 7 << 76;
    const VARIANT: u128 = 0b10 << 62;
    let milliseconds = u128::from(unix_ns / 1_000_000) << 80;
    let [high @ .., a, b, c, d, e, f, g, h] = random;
    let high = u128::from(u16::from_be_bytes(high) & 0x0fff) << 64;
    let low = u128::from(u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 2);
    milliseconds | VERSION | high | VARIANT | low
}
