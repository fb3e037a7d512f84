//! Knowing, without a system call, that this process is a forked child.

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};
use std::{
    io, process, ptr,
    ptr::NonNull,
    sync::atomic::{AtomicU64, Ordering},
};

const PAGE: usize = 4096;

/// Remembers the process that made it. The kernel empties its page in a forked child (`MADV_WIPEONFORK`, madvise(2)), so
/// one load tells. It also sees a bare clone(2), which `pthread_atfork` does not.
#[derive(Debug)]
pub(crate) struct ForkGuard {
    page: NonNull<AtomicU64>,
    /// Kernels and sandboxes without `MADV_WIPEONFORK` pay for getpid(2).
    wiped: bool,
}

// SAFETY: the page belongs to no thread and is only read, as an atomic.
unsafe impl Send for ForkGuard {}
// SAFETY: as above.
unsafe impl Sync for ForkGuard {}

impl ForkGuard {
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: a fresh private mapping at an address of the kernel's choice overlaps nothing.
        let start = unsafe {
            mmap_anonymous(ptr::null_mut(), PAGE, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE)?
        };
        // SAFETY: advice on the page just mapped, which holds nothing yet.
        let wiped = unsafe { madvise(start, PAGE, Advice::LinuxWipeOnFork) }.is_ok();
        let page = NonNull::new(start.cast::<AtomicU64>()).ok_or(io::ErrorKind::OutOfMemory)?;
        let guard = Self { page, wiped };
        guard.owner().store(u64::from(process::id()), Ordering::Relaxed);
        Ok(guard)
    }

    /// Whether this process is not the one that made the guard.
    #[inline]
    pub(crate) fn forked(&self) -> bool {
        let owner = self.owner().load(Ordering::Relaxed);
        owner == 0 || (!self.wiped && owner != u64::from(process::id()))
    }

    fn owner(&self) -> &AtomicU64 {
        // SAFETY: the page is mapped, zeroed and aligned for as long as `self` lives, and only ever accessed through here.
        unsafe { self.page.as_ref() }
    }
}

impl Drop for ForkGuard {
    fn drop(&mut self) {
        // SAFETY: `new` mapped exactly this page, and no reference into it outlives `self`.
        let _ = unsafe { munmap(self.page.as_ptr().cast(), PAGE) };
    }
}
