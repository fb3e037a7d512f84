//! Delivery over HTTP: what all sinks that send requests have in common.
//!
//! A sink says how events become requests, and what its backend's answers mean ([`Backend`]). All else is here: batches,
//! compression, requests in flight, waiting, trying again, and setting aside what no trying helps.

mod backend;
mod batch;
mod circuit;
mod client;
mod courier;
mod failure;
mod gzip;
mod limit;
mod refusals;
mod retry;
mod saver;
mod settings;
mod source;
mod window;
mod words;

pub use self::{
    backend::{Answer, Backend, Request, Verdict},
    settings::{Compression, Limits, Proxy, Settings, Tls},
};
pub(crate) use self::{
    courier::Courier,
    settings::{tls, url},
};
