//! The core, in wasmtime, behind calls that cannot fail in any way that matters to the app.
//!
//! A call that traps, or uses up its fuel or the guest's memory, ends the guest. All exchanges in flight in it are
//! lost; each learns so at its next call, by `era`, and counts itself. The next exchange gets a new guest.

mod engine;
mod guest;
mod settings;

pub(crate) mod bindings {
    //! Written by wasmtime from `filter/wit/filter.wit`.
    #![allow(missing_docs, missing_debug_implementations, unreachable_pub, clippy::all, reason = "generated")]
    wasmtime::component::bindgen!({ path: "../filter/wit", world: "filter" });
}

pub(crate) use bindings::{Finished, HostSettings, Outcome, SpanSettings, Want};
pub(crate) use guest::MemoryLimit;

use crate::process;
use bindings::{ConfigError, Filter};
use guest::{Guest, Limits};
use offpath_ring::LossReason;
use wasmtime::{Error, Result, Store};

/// Before a configuration was read. Reading a large one costs more than any exchange does.
const LIMITS_TO_CONFIGURE: Limits = Limits { memory: 64 << 20, fuel: 10_000_000_000 };

/// A guest under one configuration.
#[derive(Debug)]
pub(crate) struct Sandbox {
    config: String,
    /// The host's name in events.
    source: &'static str,
    settings: HostSettings,
    guest: Option<Guest>,
    era: u32,
    ended_because: LossReason,
}

/// Why there is no sandbox.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// The configuration is wrong.
    Refused(Vec<ConfigError>),
    /// wasmtime cannot run the component here.
    Broken(Error),
}

impl From<Error> for Unusable {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

impl Sandbox {
    /// A guest that has taken the configuration, which is JSON, for what passes a host of this name.
    pub(crate) fn new(config: String, source: &'static str) -> Result<Self, Unusable> {
        let mut guest = Guest::new(LIMITS_TO_CONFIGURE)?;
        let settings = configure(&mut guest, &config, source)?;
        // A guest of the limits that were configured takes its place.
        drop(guest);
        let mut sandbox =
            Self { config, source, settings, guest: None, era: 0, ended_because: LossReason::Trap };
        sandbox.renew()?;
        Ok(sandbox)
    }

    /// What the configuration asks of the host, and what there is to say of it.
    pub(crate) fn settings(&self) -> &HostSettings {
        &self.settings
    }

    /// The host's name in events.
    pub(crate) fn source(&self) -> &'static str {
        self.source
    }

    /// How the code came here: `precompiled`, `cached` or `compiled`.
    pub(crate) fn code() -> &'static str {
        engine::loaded().map_or("unusable", |loaded| loaded.how)
    }

    /// Names the guest that now takes calls. An exchange that began in another era is lost.
    pub(crate) fn era(&self) -> u32 {
        self.era
    }

    /// Why the last guest ended.
    pub(crate) fn ended_because(&self) -> LossReason {
        self.ended_because
    }

    /// Leaves the guest behind, as a forked child must: the exchanges in it are its parent's.
    pub(crate) fn abandon(&mut self) {
        self.guest = None;
        self.era = self.era.wrapping_add(1);
    }

    /// Makes sure that there is a guest.
    pub(crate) fn renew(&mut self) -> Result<()> {
        if self.guest.is_none() {
            let HostSettings { sandbox_memory: memory, sandbox_fuel: fuel, .. } = self.settings;
            let mut guest = Guest::new(Limits { memory, fuel })?;
            configure(&mut guest, &self.config, self.source)
                .map_err(|_| Error::msg("a guest refused what another had taken"))?;
            self.guest = Some(guest);
        }
        Ok(())
    }

    /// Calls the guest of this era; `None` if it is gone, or the call ended it.
    pub(crate) fn call<T>(
        &mut self,
        era: u32,
        call: impl FnOnce(&Filter, &mut Store<MemoryLimit>) -> Result<T>,
    ) -> Option<T> {
        let guest = self.guest.as_mut().filter(|_| era == self.era)?;
        let result = guest
            .store
            .set_fuel(self.settings.sandbox_fuel)
            .and_then(|()| call(&guest.calls, &mut guest.store));
        if result.is_err() {
            let memory = guest.store.data().reached;
            self.ended_because = if memory { LossReason::Memory } else { LossReason::Trap };
            self.abandon();
            process::count_trap();
        }
        result.ok()
    }
}

fn configure(guest: &mut Guest, config: &str, source: &str) -> Result<HostSettings, Unusable> {
    guest.store.set_fuel(LIMITS_TO_CONFIGURE.fuel)?;
    guest.calls.call_configure(&mut guest.store, config, source)?.map_err(Unusable::Refused)
}
