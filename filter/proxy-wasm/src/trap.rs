//! A trap that a request asks for, by its path, so that tests can see what one takes.

use crate::abi::{Map, host};

const PATH: &[u8] = b"/offpath-trap";

/// Traps if the request whose headers Envoy has now asks for it.
pub(crate) fn if_told_to() {
    let headers = host::pairs(Map::Request).unwrap_or_default();
    if headers.get(b":path").is_some_and(|path| path.starts_with(PATH)) {
        // On WebAssembly this is `unreachable`.
        std::process::abort();
    }
}
