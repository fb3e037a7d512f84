//! Where spans begin: under a configuration, and with what the app's client was made with.

use super::{
    inner::{Inner, State},
    propagated::{Propagated, Said},
    registry::Slot,
    score::{self, Judged},
    span::{LONGEST, Span},
    text,
    told::{Fields, Told},
};
use crate::{
    clock, current::Current, guard::guarded, parent, place::Place, process, recorder::Recorder,
    shared::Shared,
};
use pyo3::{
    PyTraverseError, PyVisit, intern,
    prelude::*,
    types::{PyDict, PyString},
};
use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

/// What a span may be of; any other is a `span`.
const KINDS: [&str; 10] = [
    "span",
    "generation",
    "event",
    "embedding",
    "agent",
    "tool",
    "chain",
    "retriever",
    "guardrail",
    "evaluator",
];
/// Bits of a trace's id that sampling goes by: the core's `sample` says how.
const RANDOM: u128 = (1 << 56) - 1;
const SAMPLED: u8 = 1;

/// Begins spans.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct Tracer {
    current: Arc<Current>,
    settings: Arc<Settings>,
    /// In the place of the configuration's.
    sample_threshold: Option<u64>,
}

/// What the app's client was made with.
#[derive(Debug)]
pub(super) struct Settings {
    /// In the place of the configuration's; empty: none.
    pub(super) environment: String,
    pub(super) release: String,
    mask: Option<Py<PyAny>>,
}

/// What stands where the app's function that masks has failed.
const NOT_MASKED: &str = "<withheld: the mask function failed>";

impl Settings {
    /// Whether the app masks what it tells.
    pub(super) fn masks(&self) -> bool {
        self.mask.is_some()
    }

    /// A value as the app would have it kept; `None`: as it is.
    pub(super) fn masked<'py>(&self, value: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
        let py = value.py();
        let mask = self.mask.as_ref()?.bind(py);
        let named = PyDict::new(py);
        let masked = named.set_item(intern!(py, "data"), value).and_then(|()| mask.call((), Some(&named)));
        Some(masked.unwrap_or_else(|_| PyString::new(py, NOT_MASKED).into_any()))
    }
}

/// What is to begin.
pub(super) struct Begin<'a, 'py> {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) current: &'a Bound<'py, PyAny>,
    pub(super) propagated: Option<&'a Propagated>,
    /// Start, where it is another than now: nanoseconds since the Unix epoch.
    pub(super) start_unix_ns: Option<u64>,
}

#[pymethods]
impl Tracer {
    /// `sample_threshold`, `environment` and `release` take the place of the configuration's; `mask(data=…)` is called with all
    /// that is captured.
    #[new]
    #[pyo3(signature = (recorder, sample_threshold=None, environment="", release="", mask=None))]
    fn new(
        recorder: &Bound<'_, Recorder>,
        sample_threshold: Option<u64>,
        environment: &str,
        release: &str,
        mask: Option<Py<PyAny>>,
    ) -> Self {
        let (environment, release) = (environment.to_owned(), release.to_owned());
        let settings = Arc::new(Settings { environment, release, mask });
        Self { current: recorder.get().current(), settings, sample_threshold }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.settings.mask)
    }

    /// Begins a span within what is in progress; None where none are recorded. `start_time`: nanoseconds since the Unix epoch.
    #[pyo3(signature = (name, as_type, current, propagated=None, start_time=None))]
    fn begin(
        &self,
        name: &Bound<'_, PyAny>,
        as_type: &str,
        current: &Bound<'_, PyAny>,
        propagated: Option<&Bound<'_, Propagated>>,
        start_time: Option<u64>,
    ) -> Option<Span> {
        guarded(|| {
            Ok(self.start(Begin {
                name: super::span::told_text(name),
                kind: kind(as_type),
                current,
                propagated: propagated.map(Bound::get),
                start_unix_ns: start_time,
            }))
        })
        .flatten()
    }

    /// What holds within a `propagate_attributes`. It is told to the exchange in progress, too, as far as that knows no better.
    #[pyo3(signature = (said, current, around=None, metadata=None))]
    fn propagate(
        &self,
        said: &Bound<'_, PyDict>,
        current: &Bound<'_, PyAny>,
        around: Option<&Bound<'_, Propagated>>,
        metadata: Option<&Bound<'_, PyAny>>,
    ) -> Option<Propagated> {
        guarded(|| {
            let shared = self.current.shared();
            let said: Said = said.extract()?;
            let fields = said.fields(metadata, &shared);
            if let Some(told) = parent::told(current) {
                let Fields { user_id, session_id, tags, trace_name, .. } = fields.clone();
                told.suggest(&Fields { user_id, session_id, tags, trace_name, ..Fields::default() });
            }
            Ok(Propagated::within(around.map(Bound::get), &said, &fields))
        })
    }

    /// Says of the trace of what is in progress, and so of all its parts that end later, whose it is and what it is called.
    #[pyo3(signature = (said, current, metadata=None, public=false))]
    fn tell(
        &self,
        said: &Bound<'_, PyDict>,
        current: &Bound<'_, PyAny>,
        metadata: Option<&Bound<'_, PyAny>>,
        public: bool,
    ) {
        guarded(|| {
            let Some(told) = parent::told(current) else { return Ok(()) };
            let said: Said = said.extract()?;
            let fields = said.fields(metadata, &self.current.shared());
            told.tell(&Fields { is_public: public, ..fields });
            Ok(())
        });
    }

    /// Judges a trace (`observation` 0), a span, or, without a trace, a session. Returns whether it is recorded.
    #[pyo3(signature = (trace, observation, judged, metadata=None))]
    fn score(
        &self,
        trace: u128,
        observation: u64,
        judged: &Bound<'_, PyDict>,
        metadata: Option<&Bound<'_, PyAny>>,
    ) -> bool {
        guarded(|| {
            let shared = self.current.shared();
            if !shared.spans().record || trace != 0 && !self.keeps(&shared, trace) {
                return Ok(false);
            }
            let judged: Judged = judged.extract()?;
            let metadata = metadata.map(|value| self.settings.masked(value).unwrap_or_else(|| value.clone()));
            score::commit(&shared, &self.settings, (trace, observation), &judged, metadata.as_ref());
            Ok(true)
        })
        .unwrap_or(false)
    }
}

impl Tracer {
    fn keeps(&self, shared: &Shared, trace: u128) -> bool {
        let threshold = self.sample_threshold.unwrap_or(shared.spans().sample_threshold);
        trace & RANDOM >= u128::from(threshold)
    }

    pub(super) fn start(&self, begin: Begin<'_, '_>) -> Option<Span> {
        let shared = self.current.shared();
        if !shared.spans().record {
            return None;
        }
        let start = Instant::now();
        let now = clock::unix_ns();
        let ids = process::ids(now)?;
        let above = parent::place(begin.current);
        let place = Place {
            trace: above.map_or(ids.trace, |above| above.trace),
            span: ids.span,
            flags: above.map_or(SAMPLED, |above| above.flags),
        };
        let recording = self.keeps(&shared, place.trace);
        let parent = above.map_or(0, |above| above.span);
        let name = if begin.name.is_empty() { begin.kind.to_owned() } else { begin.name };
        let state = State {
            kind: begin.kind,
            name,
            propagated: begin.propagated.and_then(Propagated::now),
            ..State::default()
        };
        Some(Span::new(Inner {
            place,
            parent,
            event: ids.event,
            is_app_root: parent != 0 && parent::is_elsewhere(begin.current),
            recording,
            generation: process::generation(),
            shared,
            settings: Arc::clone(&self.settings),
            told: parent::told(begin.current).unwrap_or_else(|| Arc::new(Told::default())),
            start,
            start_unix_ns: begin.start_unix_ns.unwrap_or(now),
            slot: Slot::none(),
            state: Mutex::new(state),
        }))
    }
}

/// One of [`KINDS`].
pub(super) fn kind(name: &str) -> &'static str {
    KINDS.into_iter().find(|known| *known == name).unwrap_or("span")
}

/// The name of a function, or what it is to be called.
pub(super) fn short_name(name: &Bound<'_, PyString>) -> String {
    text::short(name, LONGEST)
}
