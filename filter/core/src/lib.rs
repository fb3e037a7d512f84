//! What to keep of an HTTP exchange: rules, the capture state machine, the event codec.
//!
//! Sans-I/O: no clock, no sockets, no randomness. A host feeds an [`Exchange`] with bytes, times and ids, and gets one
//! encoded [`event::Event`] when it is over. The same code runs in Envoy, in wasmtime and in a plain test.
//!
//! ```text
//! Config ──> Capture ──begin(start, request head)──> Exchange ──> plan: how many bytes of each body to hand over
//!                                                       │ request_body · response_head · response_body   (any order)
//!                                                       └ finish(end) ──> the event's bytes
//! ```
//!
//! Nothing here panics, whatever the bytes: hosts run it on the request path of other people's software.
#![forbid(unsafe_code)]

pub mod batch;
pub mod config;
pub mod event;
pub mod ids;
pub mod limits;
pub mod mask;
pub mod query;
pub mod treatment;

mod arrivals;
mod body;
mod budget;
mod capture;
mod choice;
mod conditions;
mod exchange;
mod glob;
mod headers;
mod identity;
mod sample;
mod sight;
mod text;
mod trace_context;
mod wanted;
mod wire;

pub use self::{
    capture::{Capture, Explained},
    config::Config,
    exchange::{End, Exchange, Finished, Parent, Plan, Proxy, RequestHead, Start, Want},
};
