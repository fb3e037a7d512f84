//! A websocket session: handshake, messages and bytes each way, close code. No content, unless it is configured.

use super::{closing, message, raised, route::Routed, scope};
use crate::{
    guard::guarded,
    live::{Ending, Live},
    place::Place,
    sandbox::Outcome,
    shared::Shared,
    spans::told::Told,
    texts::Texts,
};
use pyo3::{PyTraverseError, PyVisit, intern, prelude::*, types::PyDict};
use std::sync::{Arc, Mutex, PoisonError};

const SWITCHING_PROTOCOLS: u16 = 101;
const FORBIDDEN: u16 = 403;
const NORMAL_CLOSURE: u16 = 1000;
/// The peer went without a close frame (RFC 6455, section 7.4.1).
const ABNORMAL_CLOSURE: u16 = 1006;

/// One websocket session.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct WebSocketExchange {
    place: Place,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    live: Live,
    /// Let go when the session ends, as that of an HTTP exchange.
    routed: Option<Routed>,
    /// The handshake has its answer.
    answered: bool,
    subprotocol: Vec<u8>,
    /// Code and time of the close, by whichever side.
    closed: Option<(u16, u64)>,
}

impl WebSocketExchange {
    /// Begins a session; `None` if it is not to be recorded. Its parent may be in this process already.
    pub(crate) fn begin(
        shared: Arc<Shared>,
        scope: &Bound<'_, PyDict>,
        parent: Option<Place>,
    ) -> Option<Self> {
        let live = Live::begin(shared, &scope::request_head(scope, true), parent)?;
        let place = live.place();
        let state = State {
            live,
            routed: Some(Routed::new(scope)),
            answered: false,
            subprotocol: Vec::new(),
            closed: None,
        };
        Some(Self { place, state: Mutex::new(state) })
    }

    /// Where it stands in its trace.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// What the app tells of it in its course.
    pub(crate) fn told(&self) -> Arc<Told> {
        self.with(|state| state.live.told())
    }
}

#[pymethods]
impl WebSocketExchange {
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
                "websocket.receive" => {
                    with_content(message, |content| self.with(|state| state.live.request_chunk(content)));
                }
                "websocket.disconnect" => self.close(message::number(message, intern!(message.py(), "code"))),
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
                "websocket.send" => {
                    with_content(message, |content| self.with(|state| state.live.response_chunk(content)));
                }
                "websocket.accept" => self.accept(message),
                "websocket.close" => self.app_closed(message),
                "websocket.http.response.start" => {
                    self.answer(message, message::number(message, intern!(message.py(), "status")));
                }
                "websocket.http.response.body" => {
                    with_body(message, |body| self.with(|state| state.live.response_chunk(body)));
                }
                _ => {}
            }
            Ok(())
        });
    }

    /// The app returned.
    fn returned(&self, py: Python<'_>) {
        guarded(|| {
            let code = self.with(|state| state.closed.map(|(code, _)| code));
            let outcome = match code {
                Some(ABNORMAL_CLOSURE) => Outcome::ClientDisconnected,
                _ => Outcome::Completed,
            };
            self.finish(py, outcome, |_| ());
            Ok(())
        });
    }

    /// The app raised, which is passed on untouched.
    fn raised(&self, error: &Bound<'_, PyAny>) {
        guarded(|| {
            let outcome = raised::outcome(error, false);
            self.finish(error.py(), outcome, |texts| raised::push(texts, error));
            Ok(())
        });
    }
}

fn with_content(message: &Bound<'_, PyDict>, read: impl FnOnce(&[u8])) {
    let py = message.py();
    // Of `bytes` and `text` one is there; the other is absent or None.
    let key = intern!(py, "bytes");
    let key = if message::get(message, key).is_some() { key } else { intern!(py, "text") };
    message::with_bytes(message, key, read);
}

fn with_body(message: &Bound<'_, PyDict>, read: impl FnOnce(&[u8])) {
    message::with_bytes(message, intern!(message.py(), "body"), read);
}

impl WebSocketExchange {
    /// Runs `change` on the state. No Python may be called in it.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn accept(&self, message: &Bound<'_, PyDict>) {
        let key = intern!(message.py(), "subprotocol");
        let subprotocol = message::with_bytes(message, key, <[u8]>::to_vec);
        self.with(|state| state.subprotocol = subprotocol);
        self.answer(message, SWITCHING_PROTOCOLS);
    }

    fn answer(&self, message: &Bound<'_, PyDict>, status: u16) {
        let mut headers = Texts::default();
        message::push_headers(&mut headers, message);
        self.with(|state| {
            if !std::mem::replace(&mut state.answered, true) {
                state.live.response_head(status, &headers);
            }
        });
    }

    /// A close before the handshake was answered refuses it: servers answer 403.
    fn app_closed(&self, message: &Bound<'_, PyDict>) {
        if !self.with(|state| state.answered) {
            self.answer(message, FORBIDDEN);
            return;
        }
        let code = message::number(message, intern!(message.py(), "code"));
        self.close(if code == 0 { NORMAL_CLOSURE } else { code });
    }

    fn close(&self, code: u16) {
        self.with(|state| {
            let elapsed = state.live.elapsed_ns();
            state.closed.get_or_insert((code, elapsed));
        });
    }

    fn finish(&self, py: Python<'_>, outcome: Outcome, error: impl FnOnce(&mut Texts)) {
        let (routed, subprotocol, asked) = self
            .with(|state| (state.routed.take(), std::mem::take(&mut state.subprotocol), state.live.asked()));
        let texts = closing::texts(py, routed.as_ref(), &subprotocol, error, asked.as_ref());
        self.with(|state| {
            let (close_code, elapsed_ns) = state.closed.unwrap_or_else(|| (0, state.live.elapsed_ns()));
            state.live.finish(&Ending { elapsed_ns, outcome, close_code, texts }, b"");
        });
    }
}
