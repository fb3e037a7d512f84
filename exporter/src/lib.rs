//! The other process: takes events from the rings, from Envoy's workers and from other exporters, and delivers them.
//!
//! ```text
//! rings ───────────> intake ─┐
//! Envoy's batches ─> intake ─┼─> spool ─> one runner per sink ─> sqlite, jsonl, stdout, Redis
//! Redis ───────────> intake ─┘     └────> /api/tail
//! ```
//!
//! Neither the app nor Envoy waits for any of this. A ring is released, and a batch answered, only when the spool has
//! what was in it, and a cursor moves only when the sink has what lies before it.
#![forbid(unsafe_code)]

pub mod cli;
pub mod config;
pub mod dead_letters;
pub mod delivery;
pub mod enrich;
pub mod event_json;
pub mod exporter;
pub mod health;
pub mod http;
pub mod ids;
pub mod intake;
pub mod metrics;
pub mod reload;
pub mod resend;
pub mod signal;
pub mod sinks;
pub mod spool;
pub mod streams;
pub mod viewer;

mod disk;
mod durable;
mod histogram;
mod otel;
mod priority;
pub mod redact;
mod speed;
mod usage;
