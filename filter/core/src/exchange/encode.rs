//! An event's messages, each preceded by its length, and so measured before it is written.

use super::{Exchange, tag};
use crate::{arrivals::Noted, body::BodyCapture, wire};

/// Bytes of an event and of the messages in it, each of which is preceded by its length.
pub(super) struct Sizes {
    pub(super) request: usize,
    pub(super) response: usize,
    pub(super) exchange: usize,
    /// At most: the envelope is counted as if none of its fields were 0.
    pub(super) event: usize,
}

/// Seven fixed64 fields with their tags, and a tag with the longest varint.
const LARGEST_ENVELOPE: usize = 7 * 9 + 11;

impl Sizes {
    /// `beside`: bytes of the event's other fields.
    pub(super) fn of(exchange: &Exchange, beside: usize) -> Self {
        let request = message_size(&exchange.request);
        let response = message_size(&exchange.response)
            + wire::bytes_size(tag::ARRIVALS, arrivals(&exchange.response, &exchange.noted));
        let inner = exchange.described.len()
            + wire::size(tag::REQUEST, request)
            + wire::size(tag::RESPONSE, response);
        Self { request, response, exchange: inner, event: around(tag::EXCHANGE, inner, beside) }
    }
}

/// Bytes of an event, at most, with a message of so many bytes in it.
pub(super) fn around(tag: u32, message: usize, beside: usize) -> usize {
    LARGEST_ENVELOPE + beside + wire::size(tag, message)
}

/// Bytes of a `Message` without its headers, which are written already.
fn message_size(body: &BodyCapture) -> usize {
    wire::size(tag::BODY, body.encoded_size()) + wire::number_size(tag::CHUNKS, body.chunks())
}

/// When the chunks of a body arrived; nothing, if nothing of its beginning is kept.
pub(super) fn arrivals<'n>(body: &BodyCapture, noted: &'n Noted) -> &'n [u8] {
    if body.has_head() { noted.pairs() } else { &[] }
}

/// Writes a `Message` without its headers.
pub(super) fn write_message(out: &mut Vec<u8>, body: &BodyCapture) {
    wire::head(out, tag::BODY, body.encoded_size());
    body.write(out);
    wire::number(out, tag::CHUNKS, body.chunks());
}
