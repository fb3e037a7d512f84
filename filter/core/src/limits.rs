//! How much of the texts beside the bodies is kept, in bytes.
//!
//! The core hands over [`MARGIN`] more of each, as it does of bodies: what a limit cuts in half is known as a secret only
//! by what lies beyond. Whoever treats the event cuts to these.

/// Of the path.
pub const PATH: usize = 4096;
/// Of the query.
pub const QUERY: usize = 8192;
/// Of a header's value.
pub const HEADER: usize = 4096;
/// Of the message of what was raised.
pub const MESSAGE: usize = 4096;
/// How far beyond a limit a text, or a body, is handed over.
pub const MARGIN: usize = 1 << 10;
