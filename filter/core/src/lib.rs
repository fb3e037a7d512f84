//! What to keep of an HTTP exchange.
#![forbid(unsafe_code)]

pub mod event;
