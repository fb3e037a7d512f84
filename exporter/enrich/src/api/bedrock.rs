//! bedrock

pub(crate) mod converse;
pub(crate) mod invoke;
