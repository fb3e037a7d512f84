//! Ids as the protocol has them: bytes, not all of which may be zero.
//!
//! An event without a trace is one of its own: its ids are made of the event's id, so that they are the same whenever it
//! is sent. A span without a valid id would have some backends refuse all that is sent with it.

use offpath_core::event::Event;

pub(super) fn trace_id(event: &Event) -> Vec<u8> {
    let given = [event.trace_id(), event.id(), 1].into_iter().find(|id| *id != 0);
    given.unwrap_or(1).to_be_bytes().to_vec()
}

pub(super) fn span_id(event: &Event) -> Vec<u8> {
    let given = [event.span_id, event.id_low, event.id_high, 1].into_iter().find(|id| *id != 0);
    given.unwrap_or(1).to_be_bytes().to_vec()
}

/// Empty for a root.
pub(super) fn parent_span_id(event: &Event) -> Vec<u8> {
    if event.parent_span_id == 0 { Vec::new() } else { event.parent_span_id.to_be_bytes().to_vec() }
}
