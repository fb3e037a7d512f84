//! What is done inside a body.

use offpath_core::event::Body;

use super::Redactor;

/// What a body is said to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Described<'e> {
    /// Its `Content-Type`; empty if there was none.
    pub(super) content_type: &'e str,
    /// Its `Content-Encoding`, likewise.
    pub(super) content_encoding: &'e str,
    /// Whether it is the request's.
    pub(super) is_request: bool,
    /// Whether it is what was sent on a websocket.
    pub(super) websocket: bool,
}

/// Treats a body. Returns what a request says of whose the event is: which of the redactor's fields, and its value.
pub(super) fn treat(body: &mut Body, kind: &Described<'_>, redactor: &Redactor) -> Vec<(usize, String)> {
    let _ = (body, kind, redactor);
    Vec::new()
}
