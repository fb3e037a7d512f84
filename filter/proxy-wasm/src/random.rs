//! Randomness for ids, fetched from the host for many exchanges at a time.

use crate::abi::host;
use offpath_core::ids::RANDOM_BYTES;

/// Exchanges that one call of the host serves.
const EXCHANGES: usize = 32;

/// Randomness fetched and not used yet.
#[derive(Debug)]
pub(crate) struct Pool {
    bytes: [u8; EXCHANGES * RANDOM_BYTES],
    left: usize,
}

impl Default for Pool {
    fn default() -> Self {
        Self { bytes: [0; EXCHANGES * RANDOM_BYTES], left: 0 }
    }
}

impl Pool {
    /// Bytes that were given to nobody before; `None` if the host has none to give.
    pub(crate) fn next(&mut self) -> Option<[u8; RANDOM_BYTES]> {
        if self.left == 0 {
            host::random(&mut self.bytes).ok()?;
            self.left = EXCHANGES;
        }
        self.left = self.left.checked_sub(1)?;
        let (chunks, _) = self.bytes.as_chunks::<RANDOM_BYTES>();
        chunks.get(self.left).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_filled_again_when_it_is_empty() {
        let mut pool = Pool::default();
        for _ in 0..=EXCHANGES {
            assert!(pool.next().is_some_and(|bytes| bytes != [0; RANDOM_BYTES]));
        }
    }
}
