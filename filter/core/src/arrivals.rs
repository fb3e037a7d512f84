//! When the chunks of a response began to arrive: what tells how long a model took to its first token.
//!
//! It is written down as `Message.arrivals` has it, see [`crate::event::Message`], in a few bytes a chunk, and only as far as
//! the body's first bytes are kept: of what nobody keeps, nobody asks when it came. The first chunk is none of them: its
//! time is `first_byte_ns`.

use crate::{event::MOST_ARRIVALS, wire};

/// Enough for the first dozen of chunks.
const FIRST_ALLOCATION: usize = 64;

/// What was noted of one body.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    /// For each chunk, the bytes and the nanoseconds since the one before, as varints.
    pairs: Vec<u8>,
    count: usize,
    /// Of the last one.
    offset: u64,
    ns: u64,
}

impl Noted {
    /// Whether the next chunk is to be noted, of a body whose first `head` bytes are kept: each is until one begins
    /// beyond these, so that it is known of all of them when they came.
    pub(crate) fn wants(&self, head: u32) -> bool {
        self.offset < u64::from(head) && self.count < MOST_ARRIVALS
    }

    /// Notes a chunk by where in the body it begins. Returns whether that took more memory.
    pub(crate) fn note(&mut self, offset: u64, ns: u64) -> bool {
        let held = self.pairs.capacity();
        if held == 0 {
            self.pairs.reserve_exact(FIRST_ALLOCATION);
        }
        wire::varint(&mut self.pairs, offset.saturating_sub(self.offset));
        wire::varint(&mut self.pairs, ns.saturating_sub(self.ns));
        // No clock that a host has goes back; if one does, the chunk came with the one before.
        (self.offset, self.ns) = (offset, ns.max(self.ns));
        self.count = self.count.saturating_add(1);
        self.pairs.capacity() > held
    }

    /// All of it, as the event has it.
    pub(crate) fn pairs(&self) -> &[u8] {
        &self.pairs
    }

    /// Bytes that it holds.
    pub(crate) fn size(&self) -> usize {
        self.pairs.capacity()
    }
}
