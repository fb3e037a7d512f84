//! What a span is, from its beginning to its end.
//!
//! It ends once: by the app; when nothing holds it any more; or when the process does. What is said of it later is counted.

use super::{
    body::{self, INPUT, Part},
    event::{self, Ending},
    generation::Generation,
    metadata::Metadata,
    propagated,
    registry::{self, Slot},
    told::Told,
    tracer::Settings,
};
use crate::{clock, guard::guarded, place::Place, process, shared::Shared};
use pyo3::{
    intern,
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// A span's part that Python does not see.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(super) place: Place,
    /// 0: a root.
    pub(super) parent: u64,
    pub(super) event: u128,
    pub(super) is_app_root: bool,
    /// Whether sampling keeps it.
    pub(super) recording: bool,
    /// The process that it is of; see [`process::generation`].
    pub(super) generation: u32,
    pub(super) shared: Arc<Shared>,
    pub(super) settings: Arc<Settings>,
    pub(super) told: Arc<Told>,
    pub(super) start: Instant,
    pub(super) start_unix_ns: u64,
    pub(super) slot: Slot,
    pub(super) state: Mutex<State>,
}

/// How grave it is; `Level` of the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Level {
    #[default]
    Default = 0,
    Debug = 1,
    Warning = 2,
    Error = 3,
}

/// What is known of it by now.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) over: bool,
    pub(super) kind: &'static str,
    pub(super) name: String,
    /// Parts of the event, encoded.
    pub(super) input: Vec<u8>,
    pub(super) output: Vec<u8>,
    pub(super) metadata: Metadata,
    pub(super) level: Level,
    pub(super) status_message: String,
    pub(super) version: String,
    pub(super) generation: Option<Box<Generation>>,
    pub(super) error: Option<(String, String)>,
    pub(super) propagated: Option<Arc<propagated::Inner>>,
    /// Whether something of it was left out.
    pub(super) cut: bool,
}

impl Inner {
    /// Runs `change` on the state. No Python may be called in it.
    pub(super) fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs `change`, unless the span is over, which is counted.
    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        let is_over = self.with(|state| {
            if !state.over {
                change(state);
            }
            state.over
        });
        if is_over {
            process::count_late();
        }
    }

    /// Ends it. `begun`: its event's beginning, where that was taken out to be written to.
    pub(super) fn finish(&self, begun: Option<Vec<u8>>, end_unix_ns: Option<u64>, ending: Ending) {
        let elapsed_ns = clock::elapsed_ns(self.start);
        if self.generation != process::generation() {
            return; // It is the parent process's.
        }
        let state =
            self.with(|state| (!std::mem::replace(&mut state.over, true)).then(|| std::mem::take(state)));
        let Some(mut state) = state else { return };
        self.with(|kept| {
            (kept.over, kept.kind) = (true, state.kind);
            kept.propagated.clone_from(&state.propagated);
        });
        registry::leave(&self.slot);
        if self.recording {
            let begun = begun.unwrap_or_else(|| std::mem::take(&mut state.input));
            let duration_ns = end_unix_ns.map_or(elapsed_ns, |end| end.saturating_sub(self.start_unix_ns));
            event::commit(begun, self, &state, duration_ns, ending);
        }
    }

    /// The process ends first.
    pub(super) fn exit(&self) {
        self.finish(None, None, Ending::Exit);
    }

    /// Writes a value as a part of the event, masked if the app would have it so. Returns whether something was left out.
    pub(super) fn capture(&self, out: &mut Vec<u8>, part: Part, value: &Bound<'_, PyAny>) -> bool {
        let settings = self.shared.spans();
        let bytes = if part.body == INPUT.body { settings.input } else { settings.output };
        let limits = body::limits(settings, bytes);
        match self.settings.masked(value) {
            Some(masked) => body::write(out, part, &masked, limits),
            None => body::write(out, part, value, limits),
        }
    }

    pub(super) fn captured(&self, part: Part, value: &Bound<'_, PyAny>) -> (Vec<u8>, bool) {
        let mut out = Vec::new();
        let cut = self.capture(&mut out, part, value);
        (out, cut)
    }

    /// What it is called with becomes its input.
    pub(super) fn call(
        &self,
        arguments: &[Bound<'_, PyAny>],
        named: Option<&Bound<'_, PyDict>>,
        py: Python<'_>,
    ) {
        let settings = self.shared.spans();
        let limits = body::limits(settings, settings.input);
        let mut out = Vec::new();
        let cut = if self.settings.masks() {
            let call = PyDict::new(py);
            let set = PyTuple::new(py, arguments)
                .and_then(|arguments| call.set_item(intern!(py, "args"), arguments))
                .and_then(|()| {
                    call.set_item(intern!(py, "kwargs"), named.map_or_else(|| PyDict::new(py), Bound::clone))
                });
            set.is_ok() && self.capture(&mut out, INPUT, call.as_any())
        } else {
            body::write_call(&mut out, INPUT, arguments, named, limits)
        };
        self.with(|state| {
            state.input = out;
            state.cut |= cut;
        });
    }
}

impl Drop for Inner {
    /// Nobody ended it, and nobody can any more.
    fn drop(&mut self) {
        guarded(|| {
            self.finish(None, None, Ending::Abandoned);
            Ok(())
        });
    }
}
