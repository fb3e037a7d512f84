//! Looks into an event without reading all of it.

use prost::Message;

/// Field 13 of `offpath_core::event::Event`, and nothing else of it.
#[derive(Clone, PartialEq, Message)]
struct Peek {
    #[prost(string, tag = "13")]
    source: String,
}

/// Which host saw the event; `None` if the bytes are not an event.
pub(super) fn source(payload: &[u8]) -> Option<String> {
    Peek::decode(payload).ok().map(|peek| peek.source)
}
