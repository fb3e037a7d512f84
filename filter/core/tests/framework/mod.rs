//! Exchanges under a configuration, in as few words as a test wants to say.
#![allow(dead_code, reason = "no test needs all of it")]

use offpath_core::{
    Capture, Config, End, Exchange, Finished, RequestHead, Start,
    event::{self, Event, Kind, Outcome},
};
use serde_json::Value;
use std::rc::Rc;

pub(crate) const START: Start = Start {
    unix_ns: 1_000,
    event_id: 0x11 << 64 | 0x22,
    trace_id: 0x33 << 64 | 0x44,
    span_id: 0x55,
    parent: None,
};
pub(crate) const NO_LIMIT: usize = usize::MAX;

pub(crate) fn capture(config: &Value) -> Rc<Capture> {
    Capture::new(Config::from_json(config).expect("a valid configuration"), "asgi")
}

pub(crate) fn get(path: &'static str) -> RequestHead<'static> {
    RequestHead { method: b"GET", scheme: b"http", path: path.as_bytes(), ..RequestHead::default() }
}

pub(crate) fn end(outcome: Outcome) -> End<'static> {
    End {
        elapsed_ns: 9_000,
        outcome,
        route: b"",
        error: None,
        websocket: None,
        grpc_status: None,
        proxy: None,
        scope: &[],
    }
}

pub(crate) type Fields<'a> = [(&'a [u8], &'a [u8])];

pub(crate) fn begin(config: &Value, head: &RequestHead<'_>) -> Exchange {
    begin_with(config, head, &[])
}

pub(crate) fn begin_with(config: &Value, head: &RequestHead<'_>, fields: &Fields<'_>) -> Exchange {
    capture(config).begin(START, head, fields.iter().copied()).expect("an exchange to record")
}

pub(crate) fn finish(exchange: Exchange, end: &End<'_>) -> (Event, event::Exchange) {
    let Finished::Event(bytes) = exchange.finish(end, NO_LIMIT) else { panic!("no event") };
    let mut event = Event::from_bytes(&bytes).expect("an event that can be read");
    let Some(Kind::Exchange(exchange)) = event.kind.take() else { panic!("no exchange: {event:?}") };
    (event, exchange)
}

pub(crate) fn body(message: Option<event::Message>) -> event::Body {
    message.and_then(|message| message.body).expect("a body")
}
