//! The proxy-wasm ABI, version 0.2.1, as far as this filter needs it.
//!
//! Specification: <https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1>. Envoy adds two calls of WASI to
//! it, which it provides under their own names: the monotonic clock and randomness.
//!
//! - [`host`]: what the filter may ask of Envoy, each call with a `Result`
//! - `exports`: what Envoy calls, each handed on to the [`crate::vm::Vm`] of this worker
//! - [`pairs`]: header maps as they cross the border
//!
//! All unsafe code of the filter is in `imports`, `host` and `exports`.

mod exports;
pub(crate) mod host;
mod imports;
pub(crate) mod pairs;

pub(crate) use self::{
    host::{Buffer, Map},
    pairs::Pairs,
};

#[cfg(test)]
pub(crate) use self::imports::native;
