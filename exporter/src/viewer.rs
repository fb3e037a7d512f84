//! What the local page asks of the store.
#![allow(dead_code, unused_imports, reason = "the API that asks comes with the page")]

mod failure;
mod time;

pub(crate) mod facets;
pub(crate) mod overview;
pub(crate) mod sessions;

#[cfg(test)]
mod fixture;
