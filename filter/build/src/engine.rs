//! The wasmtime settings that compiled code depends on.
//!
//! The host that loads the code (`host-python/src/sandbox/engine.rs`) sets the same; a test there loads what is built
//! here.

use wasmtime::{Config, Engine, Result};

/// An engine for the plain baseline of the architecture: naming a target, even the host's own, stops Cranelift from
/// using what only this machine's CPU has.
pub(crate) fn baseline(arch: &str) -> Result<Engine> {
    let mut config = Config::new();
    config.target(&format!("{arch}-unknown-linux-gnu"))?;
    config.consume_fuel(true);
    config.generate_address_map(false);
    config.signals_based_traps(false);
    Engine::new(&config)
}
