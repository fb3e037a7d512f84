//! What a call is a part of: the exchange in progress, which Python keeps in a variable of its context.

use super::exchange::OutboundExchange;
use crate::{
    asgi::{http::HttpExchange, websocket::WebSocketExchange},
    place::Place,
};
use pyo3::prelude::*;

/// What a call is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A part of the request in progress; of a trace of its own where there is none.
    Part(Option<Place>),
    /// How another call, which is recorded, gets to where it goes: httpx may have aiohttp for a transport.
    Carrier,
}

impl Role {
    /// By what is in progress: an exchange, or None.
    pub(crate) fn under(current: &Bound<'_, PyAny>) -> Self {
        if current.is_none() {
            return Self::Part(None);
        }
        if let Ok(exchange) = current.cast::<HttpExchange>() {
            return Self::Part(Some(exchange.get().place()));
        }
        if let Ok(call) = current.cast::<OutboundExchange>() {
            // A task that began while it was sent has it for ever, and may make calls of its own.
            let call = call.get();
            return if call.is_sending() { Self::Carrier } else { Self::Part(call.parent()) };
        }
        Self::Part(current.cast::<WebSocketExchange>().ok().map(|session| session.get().place()))
    }
}
