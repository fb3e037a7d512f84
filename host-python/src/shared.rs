//! A sandbox that many exchanges share.

use crate::{process, sandbox::Sandbox};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A sandbox, shared by the exchanges in it.
#[derive(Debug)]
pub(crate) struct Shared {
    sandbox: Mutex<Guarded>,
}

#[derive(Debug)]
pub(crate) struct Guarded {
    pub(crate) sandbox: Sandbox,
    /// The process that made the guest; see [`process::generation`].
    pub(crate) generation: u32,
}

impl Shared {
    pub(crate) fn new(sandbox: Sandbox) -> Self {
        Self { sandbox: Mutex::new(Guarded { sandbox, generation: process::generation() }) }
    }

    /// The sandbox. In a forked child the guest is a new one.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Guarded> {
        let mut guarded = self.sandbox.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = process::generation();
        if guarded.generation != generation {
            guarded.generation = generation;
            guarded.sandbox.abandon();
        }
        guarded
    }
}
