//! What a call or a span is a part of: the exchange or the span in progress, which Python keeps in a variable of its context.

use crate::{
    asgi::{http::HttpExchange, websocket::WebSocketExchange},
    outbound::exchange::OutboundExchange,
    place::Place,
    spans::{remote::Remote, span::Span, told::Told},
};
use pyo3::prelude::*;
use std::sync::Arc;

/// The place that Python names, if it does.
pub(crate) fn named(ids: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Place>> {
    let Some(ids) = ids.filter(|ids| !ids.is_none()) else { return Ok(None) };
    let (trace, span, flags) = ids.extract()?;
    Ok((trace != 0 && span != 0).then_some(Place { trace, span, flags }))
}

/// What a call is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A part of the request in progress; of a trace of its own where there is none.
    Part(Option<Place>),
    /// How another call, which is recorded, gets to where it goes: httpx may have aiohttp for a transport.
    Carrier,
}

impl Role {
    /// By what is in progress: an exchange, or None; and `inner`, a span of OpenTelemetry inside of that, if there is one.
    pub(crate) fn under(current: &Bound<'_, PyAny>, inner: Option<Place>) -> Self {
        match Self::under_exchange(current) {
            Self::Part(outer) => Self::Part(inner.or(outer)),
            Self::Carrier => Self::Carrier,
        }
    }

    fn under_exchange(current: &Bound<'_, PyAny>) -> Self {
        let current = &in_progress(current);
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
        Self::Part(place(current))
    }
}

/// What is in progress in a context that says so, whose word may be old: spans that were left in another context are left
/// here, too.
#[pyfunction]
pub(crate) fn in_progress<'py>(current: &Bound<'py, PyAny>) -> Bound<'py, PyAny> {
    /// As deep as no app nests.
    const MOST: usize = 1000;
    let mut current = current.clone();
    for _ in 0..MOST {
        let Ok(span) = current.cast::<Span>() else { break };
        let Some(before) = span.get().left_for() else { break };
        current = before.bind(current.py()).clone();
    }
    current
}

/// Where what is in progress stands in its trace; `None` for nothing, and for what is not recorded.
pub(crate) fn place(current: &Bound<'_, PyAny>) -> Option<Place> {
    let current = &in_progress(current);
    if current.is_none() {
        None
    } else if let Ok(span) = current.cast::<Span>() {
        Some(span.get().place())
    } else if let Ok(exchange) = current.cast::<HttpExchange>() {
        Some(exchange.get().place())
    } else if let Ok(session) = current.cast::<WebSocketExchange>() {
        Some(session.get().place())
    } else if let Ok(call) = current.cast::<OutboundExchange>() {
        Some(call.get().place())
    } else {
        current.cast::<Remote>().ok().map(|remote| remote.get().place())
    }
}

/// Whether it is in another process.
pub(crate) fn is_elsewhere(current: &Bound<'_, PyAny>) -> bool {
    in_progress(current).cast::<Remote>().is_ok()
}

/// What is told of its trace in this process.
pub(crate) fn told(current: &Bound<'_, PyAny>) -> Option<Arc<Told>> {
    let current = &in_progress(current);
    if let Ok(span) = current.cast::<Span>() {
        Some(span.get().told())
    } else if let Ok(exchange) = current.cast::<HttpExchange>() {
        Some(exchange.get().told())
    } else {
        current.cast::<WebSocketExchange>().ok().map(|session| session.get().told())
    }
}

/// Trace id, span id and flags of what is in progress; None for nothing.
#[pyfunction(name = "place")]
pub(crate) fn place_of(current: &Bound<'_, PyAny>) -> Option<(u128, u64, u8)> {
    place(current).map(|place| (place.trace, place.span, place.flags))
}
