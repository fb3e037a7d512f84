//! What the bytes of an exchange with a model mean: who was asked for what, what came of it, and what it took.
//!
//! ```text
//! Call: path, host, status, two texts ─> recognise: which API ─> api: one file a family ─> Draft ─> Reading
//!                                        stream: events of SSE, lines, or one document ─┘            Generation, Failure
//!                                        prices: what tokens cost
//! ```
//!
//! - **Nothing is guessed.** What speaks none of the known APIs, by path and by shape, is left alone.
//! - **What is sound is kept.** Texts come from strangers and may be cut anywhere: a field of a wrong type is no field, a
//!   document that breaks off is what it was up to there, and of a text with a gap both ends are read.
//! - **Linear.** Each byte is looked at a bounded number of times, whatever it says.
//!
//! It knows neither the spool nor sinks, has no clock, and does no I/O. `docs/llm.md` says what comes out.
#![forbid(unsafe_code)]

mod api;
mod call;
mod draft;
mod json;
mod message;
mod prices;
mod recognise;
mod stream;
mod told;
mod usage;

pub use self::{
    api::Format,
    call::{Call, Ending, Text},
    draft::{Failure, Reading},
    prices::{KnownPrices, Prices},
    told::{told_costs, told_tokens},
    usage::Usage,
};

/// Whether what is asked for at a path may be something of a model's: what is not need not be read.
#[must_use]
pub fn may_be(path: &str) -> bool {
    !recognise::by_path(path).is_empty()
}

/// Reads an exchange. `None`: it is none with a model.
#[must_use]
pub fn read<'t>(call: &'t Call<'t>) -> Option<Reading> {
    recognise::open(call).map(|(opened, format)| opened.read(format))
}
