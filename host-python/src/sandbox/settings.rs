//! The wasmtime settings that compiled code depends on: the one place for whoever compiles it and whoever loads it.

use wasmtime::{Config, Engine, Result};

/// Deeper than any call of the core goes, and shallow enough for threads with small stacks.
const GUEST_STACK: usize = 128 << 10;

/// An engine for the plain baseline of this architecture: naming a target, even the host's own, keeps Cranelift from
/// using what only this machine's CPU has.
pub(crate) fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.target(&format!("{}-unknown-linux-gnu", std::env::consts::ARCH))?;
    config.consume_fuel(true);
    config.generate_address_map(false);
    // Checks in the code instead of handlers for SIGSEGV and its like: signals belong to the app.
    config.signals_based_traps(false);
    config.max_wasm_stack(GUEST_STACK);
    Engine::new(&config)
}
