//! One call to another server, from its request to the last byte of the answer, or to whatever ended it before.
//!
//! It ends once. What it ends with: the last byte (completed); an exception of the client library (an error of the
//! upstream); the caller, which is the client here: it closes the response, is cancelled, or forgets it unread.

use crate::{
    asgi::{message::copied, raised},
    guard::guarded,
    live::{Ending, Live},
    outbound::chunks::{AsyncChunks, Chunks, Way},
    place::Place,
    sandbox::Outcome,
    texts::Texts,
};
use pyo3::{exceptions::PyException, prelude::*, types::PyBytes};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// Texts of an ending before the HTTP version: route, subprotocol, class and message of an error.
const BEFORE_VERSION: usize = 4;

/// One call while it is in progress.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct OutboundExchange {
    place: Place,
    parent: Option<Place>,
    /// It asks for a head without its body.
    is_head: bool,
    /// Until the answer's head has come, or will not.
    sending: AtomicBool,
    /// The request body has begun to be sent.
    begun: AtomicBool,
    /// The request was changed for the time in which it is sent.
    changed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    live: Live,
    /// `1.1`, `2`; empty if nobody knows.
    http_version: Vec<u8>,
    /// How long the answer's body is, if its head says so.
    length: Option<u64>,
    received: u64,
}

/// What the head of an answer says.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Texts,
    pub(crate) http_version: Vec<u8>,
    /// Bytes of the body.
    pub(crate) length: Option<u64>,
}

impl OutboundExchange {
    pub(crate) fn new(live: Live, parent: Option<Place>, is_head: bool) -> Self {
        let place = live.place();
        let state = State { live, http_version: Vec::new(), length: None, received: 0 };
        Self {
            place,
            parent,
            is_head,
            sending: AtomicBool::new(true),
            begun: AtomicBool::new(false),
            changed: AtomicBool::new(false),
            state: Mutex::new(state),
        }
    }

    /// Where it stands in its trace.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// Whether it asks for a head without its body.
    pub(crate) fn asks_for_head(&self) -> bool {
        self.is_head
    }

    /// What it is a part of.
    pub(crate) fn parent(&self) -> Option<Place> {
        self.parent
    }

    /// Whether what the same task calls now is how this call is sent.
    pub(crate) fn is_sending(&self) -> bool {
        self.sending.load(Ordering::Relaxed)
    }

    /// The call is on its way no longer.
    pub(crate) fn is_sent(&self) {
        self.sending.store(false, Ordering::Relaxed);
    }

    /// Whether it is now, and not earlier, that the request body begins to be sent.
    pub(crate) fn begins_to_send(&self) -> bool {
        !self.begun.swap(true, Ordering::Relaxed)
    }

    /// The request is changed for the time in which it is sent.
    pub(crate) fn changes(&self) {
        self.changed.store(true, Ordering::Relaxed);
    }

    /// Whether it was.
    pub(crate) fn has_changed(&self) -> bool {
        self.changed.load(Ordering::Relaxed)
    }

    /// The head of the answer has come.
    pub(crate) fn answered(&self, answer: Answer) {
        let Answer { status, headers, http_version, length } = answer;
        self.with(|state| {
            if state.live.is_over() {
                return;
            }
            state.live.response_head(status, &headers);
            state.http_version = http_version;
            state.length = length;
        });
    }

    /// A chunk passes.
    pub(crate) fn chunk(&self, way: Way, chunk: &Bound<'_, PyAny>) {
        guarded(|| {
            if let Ok(bytes) = chunk.cast::<PyBytes>() {
                self.bytes(way, bytes.as_bytes());
            } else {
                self.bytes(way, copied(chunk)?.as_bytes());
            }
            Ok(())
        });
    }

    /// These bytes pass.
    pub(crate) fn bytes(&self, way: Way, chunk: &[u8]) {
        if chunk.is_empty() {
            return;
        }
        self.with(|state| {
            if state.live.is_over() {
                return;
            }
            match way {
                Way::Out => state.live.request_chunk(chunk),
                Way::In => {
                    state.received = state.received.saturating_add(chunk.len() as u64);
                    state.live.response_chunk(chunk);
                }
            }
        });
    }

    /// The last byte has passed.
    pub(crate) fn completed(&self) {
        self.finish(Outcome::Completed, Texts::default);
    }

    /// It ended with an exception while bytes went this way.
    pub(crate) fn broke(&self, way: Way, error: &Bound<'_, PyAny>) {
        let outcome = match way {
            Way::In if error.is_instance_of::<PyException>() => Outcome::UpstreamError,
            // A cancelled task, an interpreter that ends, or a body that the caller could not make: nothing of the upstream.
            _ => Outcome::ClientDisconnected,
        };
        let tells = error.is_instance_of::<PyException>();
        self.finish(outcome, || {
            let mut texts = Texts::with_capacity(64);
            texts.pad(2);
            if tells {
                raised::push(&mut texts, error);
            }
            texts
        });
    }

    /// `texts` may run Python, and does so under no lock.
    fn finish(&self, outcome: Outcome, texts: impl FnOnce() -> Texts) {
        self.is_sent();
        if self.with(|state| state.live.is_over()) {
            return;
        }
        let mut texts = texts();
        texts.pad(BEFORE_VERSION);
        self.with(|state| {
            texts.push(&state.http_version);
            let elapsed_ns = state.live.elapsed_ns();
            state.live.finish(&Ending { elapsed_ns, outcome, close_code: 0, texts }, b"");
        });
    }

    /// Runs `change` on the state. No Python may be called in it.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[pymethods]
impl OutboundExchange {
    /// A chunk of the request body is sent.
    fn request_chunk(&self, chunk: &Bound<'_, PyAny>) {
        self.chunk(Way::Out, chunk);
    }

    /// A chunk of the response body has come.
    fn response_chunk(&self, chunk: &Bound<'_, PyAny>) {
        self.chunk(Way::In, chunk);
    }

    /// An iterator over the chunks of a request body, observed as they are sent.
    fn sending<'py>(slf: &Bound<'py, Self>, stream: &Bound<'py, PyAny>) -> PyResult<Chunks> {
        Chunks::new(slf, Way::Out, stream)
    }

    /// The same of an asynchronous body.
    fn sending_async<'py>(slf: &Bound<'py, Self>, stream: &Bound<'py, PyAny>) -> PyResult<AsyncChunks> {
        AsyncChunks::new(slf, Way::Out, stream)
    }

    /// An iterator over the chunks of a response body, observed as they come.
    fn receiving<'py>(slf: &Bound<'py, Self>, stream: &Bound<'py, PyAny>) -> PyResult<Chunks> {
        Chunks::new(slf, Way::In, stream)
    }

    /// The same of an asynchronous body.
    fn receiving_async<'py>(slf: &Bound<'py, Self>, stream: &Bound<'py, PyAny>) -> PyResult<AsyncChunks> {
        AsyncChunks::new(slf, Way::In, stream)
    }

    /// The last byte of the response has come.
    fn complete(&self) {
        guarded(|| {
            self.completed();
            Ok(())
        });
    }

    /// The caller closes the response; it may have had all of it.
    fn closed(&self) {
        guarded(|| {
            let had_all = self.with(|state| state.length.is_some_and(|length| state.received >= length));
            let outcome = if had_all { Outcome::Completed } else { Outcome::ClientDisconnected };
            self.finish(outcome, Texts::default);
            Ok(())
        });
    }

    /// The client library raised.
    fn raised(&self, error: &Bound<'_, PyAny>) {
        guarded(|| {
            self.broke(Way::In, error);
            Ok(())
        });
    }
}

impl Drop for OutboundExchange {
    /// The response was forgotten before it was read.
    fn drop(&mut self) {
        guarded(|| {
            self.finish(Outcome::ClientDisconnected, Texts::default);
            Ok(())
        });
    }
}
