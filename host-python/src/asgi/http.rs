//! An HTTP exchange: `received` and `sent` see every message, `returned` and `raised` see how the app ended.
//!
//! The event is committed with the last byte of the response, so that background tasks neither delay nor lose it. A
//! response of 500 and more waits until the app is done: the exception behind it usually follows right after.

use super::{closing, message, raised, route::Routed, scope};
use crate::{
    guard::guarded,
    live::{Ending, Live},
    place::Place,
    process,
    sandbox::Outcome,
    shared::Shared,
    spans::told::Told,
    texts::Texts,
};
use pyo3::{PyTraverseError, PyVisit, intern, prelude::*, types::PyDict};
use std::sync::{Arc, Mutex, PoisonError};

const SERVER_ERROR: u16 = 500;
const NO_SUBPROTOCOL: &[u8] = b"";

/// One HTTP exchange while the app works on it.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct HttpExchange {
    place: Place,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    live: Live,
    /// Let go when the exchange ends.
    routed: Option<Routed>,
    status: u16,
    /// What the app hands over in answer to HEAD is not sent (RFC 9110, section 9.3.2): servers drop it.
    head_only: bool,
    /// The response announced trailers, and so does not end with its body.
    trailers: bool,
    disconnected: bool,
    /// When the response was complete.
    complete_ns: Option<u64>,
}

impl HttpExchange {
    /// Begins an exchange; `None` if it is not to be recorded. Its parent may be in this process already.
    pub(crate) fn begin(
        shared: Arc<Shared>,
        scope: &Bound<'_, PyDict>,
        parent: Option<Place>,
    ) -> Option<Self> {
        let live = Live::begin(shared, &scope::request_head(scope, false), parent)?;
        let place = live.place();
        let state = State {
            live,
            routed: Some(Routed::new(scope)),
            status: 0,
            head_only: message::is(scope, intern!(scope.py(), "method"), b"HEAD"),
            trailers: false,
            disconnected: false,
            complete_ns: None,
        };
        Some(Self { place, state: Mutex::new(state) })
    }
}

#[pymethods]
impl HttpExchange {
    /// For Python's collector.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // A lock that is held belongs to a thread that is about to use the scope: no garbage.
        self.state
            .try_lock()
            .map_or(Ok(()), |state| state.routed.iter().try_for_each(|routed| routed.traverse(&visit)))
    }

    /// The app received this message.
    fn received(&self, message: &Bound<'_, PyAny>) {
        guarded(|| {
            let message = message.cast::<PyDict>()?;
            match message::kind(message)?.to_str()? {
                "http.request" => self.request_chunk(message),
                "http.disconnect" => self.with(|state| state.disconnected = true),
                _ => {}
            }
            Ok(())
        });
    }

    /// The app sent this message.
    fn sent(&self, message: &Bound<'_, PyAny>) {
        guarded(|| {
            let message = message.cast::<PyDict>()?;
            match message::kind(message)?.to_str()? {
                "http.response.start" => self.response_start(message),
                "http.response.body" => self.response_chunk(message),
                "http.response.trailers" => self.trailers(message),
                "http.response.pathsend" | "http.response.zerocopysend" => self.unseen(message),
                _ => {} // Pushes, early hints and what is to come: nothing of the exchange itself.
            }
            Ok(())
        });
    }

    /// The app returned.
    fn returned(&self, py: Python<'_>) {
        guarded(|| {
            let (complete, disconnected) =
                self.with(|state| (state.complete_ns.is_some(), state.disconnected));
            let (outcome, error) = match (complete, disconnected) {
                (true, _) => (Outcome::Completed, None),
                (false, true) => (Outcome::ClientDisconnected, None),
                (false, false) => (Outcome::AppError, Some(("IncompleteResponse", NO_COMPLETE_RESPONSE))),
            };
            self.finish(py, outcome, |texts| {
                if let Some((class, message)) = error {
                    texts.push(class.as_bytes());
                    texts.push(message.as_bytes());
                }
            });
            Ok(())
        });
    }

    /// The app raised, which is passed on untouched.
    fn raised(&self, error: &Bound<'_, PyAny>) {
        guarded(|| {
            let py = error.py();
            let (over, disconnected, complete) =
                self.with(|state| (state.live.is_over(), state.disconnected, state.complete_ns.is_some()));
            if over {
                // In a background task, after an answer that was sent whole.
                process::count_late();
                return Ok(());
            }
            let outcome = raised::outcome(error, disconnected && !complete);
            self.finish(py, outcome, |texts| raised::push(texts, error));
            Ok(())
        });
    }
}

const NO_COMPLETE_RESPONSE: &str = "the app returned without a complete response";

impl HttpExchange {
    /// Where it stands in its trace.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// What the app tells of it in its course.
    pub(crate) fn told(&self) -> Arc<Told> {
        self.with(|state| state.live.told())
    }

    /// Runs `change` on the state. No Python may be called in it.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn request_chunk(&self, message: &Bound<'_, PyDict>) {
        message::with_bytes(message, intern!(message.py(), "body"), |body| {
            if !body.is_empty() {
                self.with(|state| state.live.request_chunk(body));
            }
        });
    }

    fn response_start(&self, message: &Bound<'_, PyDict>) {
        let py = message.py();
        let status = message::number(message, intern!(py, "status"));
        if (100..200).contains(&status) {
            return; // An interim response; the real one follows.
        }
        let trailers = message::flag(message, intern!(py, "trailers"));
        let mut headers = Texts::with_capacity(256);
        message::push_headers(&mut headers, message);
        self.with(|state| {
            if state.status != 0 || state.live.is_over() {
                process::count_late();
                return;
            }
            state.status = status.max(1);
            state.trailers = trailers;
            state.live.response_head(status, &headers);
        });
    }

    fn response_chunk(&self, message: &Bound<'_, PyDict>) {
        let py = message.py();
        let (complete, ends_with_body) = self.with(|state| (state.is_complete(), state.ends_with_body()));
        if complete {
            process::count_late();
            return;
        }
        let more = message::flag(message, intern!(py, "more_body"));
        if !more && ends_with_body {
            let texts = self.closing_texts(py, |_| ());
            self.with_sent(message, |state, body| state.complete(texts, body));
            return;
        }
        self.with_sent(message, |state, body| {
            if !body.is_empty() {
                state.live.response_chunk(body);
            }
        });
        if !more {
            self.with(State::note_last_byte);
        }
    }

    /// Runs `change` on the state and on what the server sends of the message's body.
    fn with_sent(&self, message: &Bound<'_, PyDict>, change: impl FnOnce(&mut State, &[u8])) {
        message::with_bytes(message, intern!(message.py(), "body"), |body| {
            self.with(|state| change(state, if state.head_only { b"" } else { body }));
        });
    }

    /// A file that the server sends by itself. Of its bytes none pass here; a zero-copy send tells how many.
    fn unseen(&self, message: &Bound<'_, PyDict>) {
        let py = message.py();
        if self.with(|state| state.is_complete()) {
            process::count_late();
            return;
        }
        let count = message::get(message, intern!(py, "count")).and_then(|count| count.extract().ok());
        if let Some(count) = count {
            self.with(|state| {
                if !state.head_only {
                    state.live.response_unseen(count);
                }
            });
        }
        if !message::flag(message, intern!(py, "more_body")) {
            self.last_part(py);
        }
    }

    fn trailers(&self, message: &Bound<'_, PyDict>) {
        let py = message.py();
        if !message::flag(message, intern!(py, "more_trailers")) {
            self.with(|state| state.trailers = false);
            self.last_part(py);
        }
    }

    /// The response ends here, unless trailers are to follow.
    fn last_part(&self, py: Python<'_>) {
        if self.with(|state| state.ends_with_body()) {
            let texts = self.closing_texts(py, |_| ());
            self.with(|state| state.complete(texts, b""));
        } else {
            self.with(State::note_last_byte);
        }
    }

    fn finish(&self, py: Python<'_>, outcome: Outcome, error: impl FnOnce(&mut Texts)) {
        if self.with(|state| state.live.is_over()) {
            return;
        }
        let texts = self.closing_texts(py, error);
        self.with(|state| {
            let elapsed_ns = state.complete_ns.unwrap_or_else(|| state.live.elapsed_ns());
            state.live.finish(&Ending { elapsed_ns, outcome, close_code: 0, texts }, b"");
        });
    }

    fn closing_texts(&self, py: Python<'_>, error: impl FnOnce(&mut Texts)) -> Texts {
        let (routed, asked) = self.with(|state| (state.routed.take(), state.live.asked()));
        closing::texts(py, routed.as_ref(), NO_SUBPROTOCOL, error, asked.as_ref())
    }
}

impl State {
    fn is_complete(&self) -> bool {
        self.complete_ns.is_some() || self.live.is_over()
    }

    /// Whether the event can be committed with the body's last byte.
    fn ends_with_body(&self) -> bool {
        !self.trailers && self.status < SERVER_ERROR
    }

    /// The body's last byte has passed; the event waits for the app to end. With trailers to follow it was not the last.
    fn note_last_byte(&mut self) {
        if !self.trailers {
            let elapsed = self.live.elapsed_ns();
            self.complete_ns.get_or_insert(elapsed);
        }
    }

    /// The last byte has passed, and with it the exchange.
    fn complete(&mut self, texts: Texts, last: &[u8]) {
        let elapsed_ns = self.live.elapsed_ns();
        self.live.finish(&Ending { elapsed_ns, outcome: Outcome::Completed, close_code: 0, texts }, last);
    }
}
