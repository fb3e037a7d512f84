//! One instance of the component, with its limits.

use super::{bindings::Filter, engine};
use wasmtime::{ResourceLimiter, Result, Store, component::Linker};

/// What one guest may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes.
    pub(super) memory: u64,
    /// For one call, and for the start.
    pub(super) fuel: u64,
}

/// What one guest's memory may grow to.
#[derive(Debug)]
pub(crate) struct MemoryLimit {
    bytes: usize,
    /// Whether the guest asked for more and was refused: what follows is a trap, and this says why.
    pub(super) reached: bool,
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        self.reached |= desired > self.bytes;
        Ok(!self.reached)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        const MOST: usize = 10_000;
        Ok(desired <= MOST)
    }
}

/// An instance that works. After an error it is not to be entered again.
pub(crate) struct Guest {
    pub(super) store: Store<MemoryLimit>,
    pub(super) calls: Filter,
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guest").field("memory", self.store.data()).finish_non_exhaustive()
    }
}

impl Guest {
    pub(super) fn new(limits: Limits) -> Result<Self> {
        let loaded = engine::loaded()?;
        let bytes = usize::try_from(limits.memory).unwrap_or(usize::MAX);
        let mut store = Store::new(&loaded.engine, MemoryLimit { bytes, reached: false });
        store.limiter(|memory| memory);
        store.set_fuel(limits.fuel)?;
        // The component imports nothing, so the linker has nothing to offer.
        let calls = Filter::instantiate(&mut store, &loaded.component, &Linker::new(&loaded.engine))?;
        Ok(Self { store, calls })
    }
}
