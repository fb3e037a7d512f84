//! A file mapped into memory: the words that both sides share, and the producer's way to the data.

use crate::layout::{LOSS_SLOTS, Word};
use crate::loss::{LossReason, Losses};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use std::{
    fs::File,
    io,
    ptr::{self, NonNull},
    sync::atomic::{AtomicU64, Ordering},
};

/// The first `len` bytes of a file, shared with every process that maps it.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to no thread. Its words are atomics; `copy_in` puts its own conditions on the caller.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the first `len` bytes, which the file must have: an access past its end is a SIGBUS. Pages come in as they are
    /// touched (no `MAP_POPULATE`), so an idle ring costs the app no resident memory.
    pub(crate) fn new(file: &File, len: usize) -> io::Result<Self> {
        // SAFETY: a fresh mapping at an address of the kernel's choice overlaps nothing.
        let start = unsafe {
            mmap(ptr::null_mut(), len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, file, 0)?
        };
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, len })
    }

    /// A shared word.
    pub(crate) fn word(&self, word: Word) -> &AtomicU64 {
        let offset = word.offset();
        assert!(offset + size_of::<AtomicU64>() <= self.len, "{word:?} lies outside the mapping");
        // SAFETY: in bounds, as asserted; page-aligned start plus a multiple of 8 is aligned; the mapping lives as long as
        // `self`; both sides access these bytes only as atomic words, and every bit pattern is a u64.
        unsafe { AtomicU64::from_ptr(self.start.as_ptr().add(offset).cast()) }
    }

    /// Copies `bytes` to `offset` of the file.
    ///
    /// # Safety
    /// No one else accesses that range until a later Release store publishes it, and no [`Word`] lies in it.
    #[inline]
    pub(crate) unsafe fn copy_in(&self, offset: usize, bytes: &[u8]) {
        let end = offset.checked_add(bytes.len());
        assert!(
            end.is_some_and(|end| end <= self.len),
            "{} bytes at {offset} pass the mapping's end",
            bytes.len()
        );
        // SAFETY: in bounds, as asserted; `bytes` cannot overlap, because no reference to this memory is ever made; the
        // caller keeps others out.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.as_ptr().add(offset), bytes.len()) }
    }

    /// The loss counters. Each is right by itself; together they are no snapshot.
    pub(crate) fn losses(&self) -> Losses {
        const { assert!(LossReason::ALL.len() <= LOSS_SLOTS) };
        Losses::from_slots(|slot| self.word(Word::Loss(slot)).load(Ordering::Relaxed))
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `new` mapped exactly this range, and no reference into it outlives `self`. A failure leaves it mapped,
        // which is harmless.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.len) };
    }
}
