//! ollama

pub(crate) mod chat;
pub(crate) mod embed;
pub(crate) mod generate;
