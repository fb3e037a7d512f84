//! Ways in. Each appends to the spool, and lets go of what it took only when the spool has it.

pub mod envoy;
pub mod journal;
pub mod redis;
pub mod rings;

mod producers;
mod record;
mod ring;
