//! The producer's half.

use super::Put;
use crate::layout::{self, RecordHeader, Word, index};
use std::sync::atomic::Ordering;

/// Why a record was not written. The ring is as it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The consumer has not freed enough space.
    #[error("the ring is full")]
    Full,
    /// A record of this size never fits.
    #[error("a record of {len} bytes is over the ring's limit of {max}")]
    TooBig {
        /// Bytes of the payload.
        len: u64,
        /// The largest payload, see [`layout::max_payload`](crate::layout::max_payload).
        max: u64,
    },
    /// The process forked after it made the ring; the ring still belongs to the parent.
    #[error("this process was forked from the ring's owner: create a ring of its own")]
    Forked,
    /// The ring was sealed; its consumer may already have removed it.
    #[error("the ring is sealed: create another")]
    Sealed,
}

/// The only writer of a ring.
#[derive(Debug)]
pub struct Writer<M> {
    memory: M,
    write_pos: u64,
    next_sequence: u64,
    /// The reader's position when it was last looked at. It only grows, so a stale value errs towards "full".
    read_pos: u64,
}

impl<M: Put> Writer<M> {
    /// Starts on memory that nobody has written to.
    pub fn new(memory: M) -> Self {
        Self { memory, write_pos: 0, next_sequence: 0, read_pos: 0 }
    }

    /// The memory it writes to.
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// Bytes written since the ring was made.
    pub fn write_pos(&self) -> u64 {
        self.write_pos
    }

    /// Appends a record and gives its sequence number. It neither blocks nor allocates nor enters the kernel.
    ///
    /// # Errors
    /// [`Refused::Full`] or [`Refused::TooBig`]; a refused record takes no sequence number.
    #[inline]
    pub fn write(&mut self, kind: u8, payload: &[u8]) -> Result<u64, Refused> {
        let capacity = self.memory.capacity();
        let (len, max) = (payload.len() as u64, layout::max_payload(capacity));
        let payload_len = match u32::try_from(len) {
            Ok(payload_len) if len <= max => payload_len,
            _ => return Err(Refused::TooBig { len, max }),
        };

        let offset = self.write_pos & (capacity - 1);
        let extent = layout::extent(payload_len);
        let to_end = capacity - offset;
        let padding = if extent > to_end { to_end } else { 0 };
        if !self.has_room(padding + extent) {
            return Err(Refused::Full);
        }

        let sequence = self.next_sequence;
        let header = RecordHeader { payload_len, kind, sequence }.encode(payload);
        if let Ok(padding @ 1..) = u32::try_from(padding) {
            // SAFETY: positions are multiples of 8, so at least one word is left before the end. `has_room` saw that the
            // reader is done with `padding + extent` bytes from `write_pos` on; `&mut self` is the only writer.
            unsafe { self.memory.put(index(offset), &layout::padding(padding)) };
        }
        let start = index((offset + padding) & (capacity - 1));
        // SAFETY: `start` is a multiple of 8 and `extent` bytes fit from there: either they did before the end, or `start` is
        // 0 and `max` keeps a record within the capacity. The range is free, as above.
        unsafe {
            self.memory.put(start, &header);
            self.memory.put(start + header.len(), payload);
        }

        self.write_pos += padding + extent;
        self.next_sequence += 1;
        // SYNC POINT: commit. Padding and record become visible here together, or never.
        self.memory.store(Word::WritePos, self.write_pos, Ordering::Release);
        self.memory.store(Word::NextSequence, self.next_sequence, Ordering::Relaxed);
        Ok(sequence)
    }

    /// Whether `needed` bytes are free. It looks at the reader's cache line only when its own copy says "full".
    fn has_room(&mut self, needed: u64) -> bool {
        if self.free() >= needed {
            return true;
        }
        // SYNC POINT: free. What the reader released it no longer looks at.
        self.read_pos = self.memory.load(Word::ReadPos, Ordering::Acquire);
        self.free() >= needed
    }

    /// A position that no reader can have reached (corrupt memory) leaves nothing free.
    fn free(&self) -> u64 {
        self.memory.capacity().saturating_sub(self.write_pos.wrapping_sub(self.read_pos))
    }
}
