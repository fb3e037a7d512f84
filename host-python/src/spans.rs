//! What the app itself tells: spans, which become events in this process, and scores.
//!
//! ```text
//! python/offpath/observe.py ──> function.rs ──┐
//! python/offpath/client.py ───> tracer.rs ────┴─> span.rs ──> event.rs ──> process.rs ──> the ring
//!                                                  │
//!                              json.rs <───────────┘ arguments and results, within limits
//! ```
//!
//! Nothing of it passes the sandbox: there is nothing to decide that the app could not decide for itself, and what is to be
//! masked is masked in the exporter, by the treatment that each event carries.

pub(crate) mod function;
pub(crate) mod remote;
pub(crate) mod span;
pub(crate) mod told;
pub(crate) mod tracer;
pub(crate) mod yielded;

mod body;
mod event;
mod frame;
mod generation;
mod inner;
mod json;
mod metadata;
mod propagated;
mod registry;
mod score;
mod text;

pub(crate) use propagated::Propagated;
pub(crate) use registry::{end_all, forget_all};
