//! cohere

pub(crate) mod chat;
pub(crate) mod embed;
pub(crate) mod rerank;
