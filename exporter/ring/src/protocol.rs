//! The two-index protocol, over any memory that has the cursors and the data.
//!
//! [`Writer`] and [`Reader`] are the whole algorithm. The mapped file runs them on real atomics, the loom test on loom's, and
//! the kill-point test on a memory that dies between any two stores.
//!
//! Two words order everything:
//!
//! - **SYNC POINT: commit.** The writer's Release store of `write_pos` and the reader's Acquire load of it. What it makes
//!   visible: every byte of every record that ends at or before that position.
//! - **SYNC POINT: free.** The reader's Release store of `read_pos` and the writer's Acquire load of it. What it orders: the
//!   reader's last look at those bytes comes before the writer's next store to them.

mod reader;
mod writer;

pub use self::{
    reader::{Corrupt, Reader, Record, Skipped},
    writer::{Refused, Writer},
};
use crate::layout::Word;
use std::{io, sync::atomic::Ordering};

/// The words that both sides see.
pub trait Shared {
    /// Bytes of the data area, a power of two.
    fn capacity(&self) -> u64;
    /// Loads a word.
    fn load(&self, word: Word, order: Ordering) -> u64;
    /// Stores a word.
    fn store(&self, word: Word, value: u64, order: Ordering);
}

/// Data that a [`Writer`] fills.
pub trait Put: Shared {
    /// Copies `bytes` to `offset` of the data area.
    ///
    /// # Safety
    /// `offset` is a multiple of 8 and `offset + bytes.len()` is at most the capacity. The caller is the ring's only writer,
    /// and no reader may look at that range: it lies in front of `write_pos` and behind `read_pos + capacity`.
    unsafe fn put(&self, offset: usize, bytes: &[u8]);
}

/// Data that a [`Reader`] copies out.
pub trait Get: Shared {
    /// Fills `into` from `offset` of the data area.
    ///
    /// # Errors
    /// When the range does not exist (the file was cut) or cannot be read.
    fn get(&self, offset: usize, into: &mut [u8]) -> io::Result<()>;
}
