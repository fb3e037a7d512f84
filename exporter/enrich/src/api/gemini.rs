//! gemini

pub(crate) mod embed;
pub(crate) mod generate;
