//! Delivery over HTTP: what all sinks that send requests have in common.
//!
//! A sink says how events become requests, and what its backend's answers mean ([`Backend`]). All else is here: batches,
//! compression, requests in flight, waiting, trying again, and setting aside what no trying helps.

mod backend;
mod settings;

pub(crate) use self::settings::{tls, url};
pub use self::{
    backend::{Answer, Backend, Refusal, Request, Verdict},
    settings::{Compression, Limits, Proxy, Settings, Tls},
};
