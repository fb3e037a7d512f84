//! offpath-core as a filter of Envoy, by the proxy-wasm ABI.
//!
//! ```text
//! Envoy's callbacks ─> abi ─> Vm ─> Stream ─> offpath_core::Exchange        one per HTTP stream
//!                              │                    │ on_log: its event
//!                              └─> Plugin ─> Egress <┘  ── tick ──> cluster offpath_exporter
//! ```
//!
//! One VM per worker thread, entered by one thread at a time. The filter only looks: it never pauses a stream and never
//! changes a body. It never panics either, for a panic is a trap, and a trap takes down the VM and all that it had not
//! sent. So the ABI is our own thin layer (docs/decisions/0006-our-own-proxy-wasm-abi.md): every call of the host can fail,
//! all that comes from it is bytes, and the lints below leave nothing that can panic by itself.
#![deny(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod abi;
mod egress;
mod metrics;
mod plugin;
mod random;
mod stream;
#[cfg(feature = "trap")]
mod trap;
mod vm;
