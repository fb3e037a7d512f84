//! One span of the app, from its beginning to its end.
//!
//! It ends once: by the app; when nothing holds it any more; or when the process does. What is said of it later is counted.

use super::{
    body::{self, INPUT, OUTPUT, Part},
    event::{self, Ending},
    generation::{self, Generation},
    metadata::Metadata,
    propagated::{self, Propagated},
    registry::{self, Slot},
    text,
    told::{Fields, Told},
    tracer::Settings,
    yielded::Yielded,
};
use crate::{clock, guard::guarded, place::Place, process, shared::Shared};
use pyo3::{
    exceptions::{PyGeneratorExit, PyKeyboardInterrupt, PySystemExit},
    intern,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyString, PyTuple},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// Longest name, message or version that is kept, in characters.
pub(super) const LONGEST: usize = 1000;
const LEVELS: [&str; 4] = ["DEFAULT", "DEBUG", "WARNING", "ERROR"];

/// A span that is in progress, or was.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct Span {
    pub(super) inner: Arc<Inner>,
}

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
    fn change(&self, change: impl FnOnce(&mut State)) {
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

    /// Ends it, `output` being its event's beginning, where that was taken out to be written to.
    fn finish(&self, begun: Option<Vec<u8>>, end_unix_ns: Option<u64>, ending: Ending) {
        let elapsed_ns = clock::elapsed_ns(self.start);
        if self.generation != process::generation() {
            return; // It is the parent process's.
        }
        let state =
            self.with(|state| (!std::mem::replace(&mut state.over, true)).then(|| std::mem::take(state)));
        let Some(mut state) = state else { return };
        self.with(|kept| (kept.over, kept.kind) = (true, state.kind));
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
    fn capture(&self, out: &mut Vec<u8>, part: Part, value: &Bound<'_, PyAny>) -> bool {
        let settings = self.shared.spans();
        let bytes = if part.body == INPUT.body { settings.input } else { settings.output };
        let limits = body::limits(settings, bytes);
        match self.settings.masked(value) {
            Some(masked) => body::write(out, part, &masked, limits),
            None => body::write(out, part, value, limits),
        }
    }

    fn captured(&self, part: Part, value: &Bound<'_, PyAny>) -> (Vec<u8>, bool) {
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

impl Span {
    /// Where it stands in its trace.
    pub(crate) fn place(&self) -> Place {
        self.inner.place
    }

    /// What is told of its trace.
    pub(crate) fn told(&self) -> Arc<Told> {
        Arc::clone(&self.inner.told)
    }

    pub(super) fn new(inner: Inner) -> Self {
        let inner = Arc::new(inner);
        if inner.recording {
            registry::enter(&inner, &inner.slot);
        }
        Self { inner }
    }

    /// A generator that is closed, and a program that ends, are nobody's errors; a task that is cancelled is one, as in
    /// Langfuse's SDK.
    fn fail(&self, error: &Bound<'_, PyAny>) {
        let py = error.py();
        let is_none = error.is_instance_of::<PySystemExit>()
            || error.is_instance_of::<PyKeyboardInterrupt>()
            || error.get_type().is(py.get_type::<PyGeneratorExit>());
        if is_none {
            return;
        }
        let class = error.get_type().name().map(|name| text::short(&name, LONGEST)).unwrap_or_default();
        // Made by the app's own `__str__`, which may itself raise.
        let message = error.str().map(|message| text::short(&message, LONGEST)).unwrap_or_default();
        self.inner.change(|state| {
            state.level = Level::Error;
            state.status_message = if message.is_empty() { class.clone() } else { message.clone() };
            state.error = Some((class, message));
        });
    }
}

#[pymethods]
impl Span {
    /// The trace's id, 32 hexadecimal digits.
    #[getter]
    fn trace_id(&self) -> String {
        format!("{:032x}", self.inner.place.trace)
    }

    /// Its own id, 16 hexadecimal digits.
    #[getter]
    fn id(&self) -> String {
        format!("{:016x}", self.inner.place.span)
    }

    /// What it is of: `span`, `generation`, …
    #[getter]
    fn kind(&self) -> &'static str {
        self.inner.with(|state| state.kind)
    }

    /// Says more of it; None says nothing.
    #[pyo3(signature = (name=None, input=None, output=None, metadata=None, version=None, level=None, status_message=None))]
    #[allow(clippy::too_many_arguments, reason = "the names that users know")]
    fn update(
        &self,
        name: Option<&Bound<'_, PyAny>>,
        input: Option<&Bound<'_, PyAny>>,
        output: Option<&Bound<'_, PyAny>>,
        metadata: Option<&Bound<'_, PyAny>>,
        version: Option<&Bound<'_, PyAny>>,
        level: Option<&Bound<'_, PyAny>>,
        status_message: Option<&Bound<'_, PyAny>>,
    ) {
        let inner = &*self.inner;
        if !inner.recording {
            return;
        }
        guarded(|| {
            let name = name.map(told_text);
            let version = version.map(told_text);
            let status_message = status_message.map(told_text);
            let input = input.map(|value| inner.captured(INPUT, value));
            let output = output.map(|value| inner.captured(OUTPUT, value));
            let metadata = metadata.map(|value| match inner.settings.masked(value) {
                Some(masked) => Metadata::read(&masked, inner.shared.spans()),
                None => Metadata::read(value, inner.shared.spans()),
            });
            let level = level.and_then(level_named);
            inner.change(|state| {
                let set =
                    |text: &mut String, new: Option<String>| new.into_iter().for_each(|new| *text = new);
                set(&mut state.name, name);
                set(&mut state.version, version);
                set(&mut state.status_message, status_message);
                if let Some((bytes, cut)) = input {
                    state.input = bytes;
                    state.cut |= cut;
                }
                if let Some((bytes, cut)) = output {
                    state.output = bytes;
                    state.cut |= cut;
                }
                if let Some(metadata) = metadata {
                    state.metadata.merge(&metadata);
                }
                state.level = level.unwrap_or(state.level);
            });
            Ok(())
        });
    }

    /// Says what a model did in it. `prompt`: name and version of a managed prompt.
    #[pyo3(signature = (completion_start_time=None, model=None, model_parameters=None, usage_details=None, cost_details=None, prompt=None))]
    fn update_generation(
        &self,
        completion_start_time: Option<&Bound<'_, PyAny>>,
        model: Option<&Bound<'_, PyAny>>,
        model_parameters: Option<&Bound<'_, PyAny>>,
        usage_details: Option<&Bound<'_, PyAny>>,
        cost_details: Option<&Bound<'_, PyAny>>,
        prompt: Option<(String, u32)>,
    ) {
        if !self.inner.recording {
            return;
        }
        guarded(|| {
            let later = Generation {
                model: model.map(told_text),
                parameters: model_parameters.map(|value| generation::parameters(value, &self.inner.shared)),
                usage: usage_details.and_then(generation::usage),
                cost: cost_details.and_then(generation::cost),
                first_token_unix_ns: completion_start_time.and_then(generation::unix_ns),
                prompt,
            };
            self.inner.change(|state| state.generation.get_or_insert_default().overlay(later));
            Ok(())
        });
    }

    /// Makes it one of another type.
    fn set_type(&self, as_type: &str) {
        let kind = super::tracer::kind(as_type);
        self.inner.change(|state| state.kind = kind);
    }

    /// Says of the trace, and so of all its parts that end later, whose it is and what it is called.
    #[pyo3(signature = (said, metadata=None, public=false))]
    fn tell_trace(&self, said: &Bound<'_, PyDict>, metadata: Option<&Bound<'_, PyAny>>, public: bool) {
        guarded(|| {
            let said: propagated::Said = said.extract()?;
            let fields = said.fields(metadata, &self.inner.shared);
            self.inner.told.tell(&Fields { is_public: public, ..fields });
            Ok(())
        });
    }

    /// It is within a `propagate_attributes` that begins now.
    fn propagate(&self, propagated: &Bound<'_, Propagated>) {
        let propagated = Arc::clone(&propagated.get().inner);
        self.inner.change(|state| state.propagated = Some(propagated));
    }

    /// Ends it. `end_time`: nanoseconds since the Unix epoch. A second end does nothing.
    #[pyo3(signature = (end_time=None))]
    fn end(&self, end_time: Option<&Bound<'_, PyAny>>) {
        guarded(|| {
            let end_time = end_time.and_then(|time| time.extract().ok());
            if self.inner.with(|state| state.over) {
                process::count_late();
            }
            self.inner.finish(None, end_time, Ending::Ended);
            Ok(())
        });
    }

    /// The function that it is of has returned this. Whether that is its end: what yields its values later is not.
    fn returned(&self, result: &Bound<'_, PyAny>, capture: bool) -> bool {
        if is_to_come(result) {
            return false;
        }
        guarded(|| {
            let inner = &*self.inner;
            let begun = if capture && inner.recording && !result.is_none() {
                // Behind the input, in the same buffer, so that neither is copied.
                let mut event = inner.with(|state| std::mem::take(&mut state.input));
                let cut = inner.capture(&mut event, OUTPUT, result);
                inner.with(|state| {
                    state.cut |= cut;
                    // What was said before is replaced.
                    state.output.clear();
                });
                Some(event)
            } else {
                None
            };
            inner.finish(begun, None, Ending::Ended);
            Ok(())
        });
        true
    }

    /// What a generator has yielded becomes its output, and it ends.
    fn yielded(&self, yielded: &Bound<'_, Yielded>) {
        guarded(|| {
            let inner = &*self.inner;
            let mut out = Vec::new();
            let cut = match yielded.get().text() {
                Some((text, more)) if !inner.settings.masks() => {
                    body::write_str(&mut out, OUTPUT, &text, more);
                    more > 0
                }
                Some((text, _)) => {
                    inner.capture(&mut out, OUTPUT, PyString::new(yielded.py(), &text).as_any())
                }
                None => {
                    let (items, more) = yielded.get().items(yielded.py())?;
                    inner.capture(&mut out, OUTPUT, items.as_any()) || more
                }
            };
            inner.change(|state| {
                state.output = out;
                state.cut |= cut;
            });
            inner.finish(None, None, Ending::Ended);
            Ok(())
        });
    }

    /// Where items that a generator yields are gathered.
    fn gather(&self) -> Yielded {
        let settings = self.inner.shared.spans();
        let whole = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Yielded::new(whole(settings.output), whole(settings.max_items))
    }

    /// The app raised in it. It does not end it.
    fn raised(&self, error: &Bound<'_, PyAny>) {
        guarded(|| {
            self.fail(error);
            Ok(())
        });
    }

    /// The app raised in it, and that is its end.
    fn failed(&self, error: &Bound<'_, PyAny>) {
        guarded(|| {
            self.fail(error);
            self.inner.finish(None, None, Ending::Ended);
            Ok(())
        });
    }
}

/// Text that an app says; of what is no text, its text.
pub(super) fn told_text(value: &Bound<'_, PyAny>) -> String {
    match value.cast::<PyString>() {
        Ok(value) => text::short(value, LONGEST),
        Err(_) => value.str().map(|value| text::short(&value, LONGEST)).unwrap_or_default(),
    }
}

fn level_named(level: &Bound<'_, PyAny>) -> Option<Level> {
    let name = told_text(level).to_ascii_uppercase();
    let levels = [Level::Default, Level::Debug, Level::Warning, Level::Error];
    LEVELS.into_iter().zip(levels).find_map(|(known, level)| (known == name).then_some(level))
}

/// Whether it is a generator, or a response that is one.
fn is_to_come(result: &Bound<'_, PyAny>) -> bool {
    struct Types {
        generator: Py<PyAny>,
        async_generator: Py<PyAny>,
    }
    static TYPES: PyOnceLock<Option<Types>> = PyOnceLock::new();
    let py = result.py();
    let types = TYPES.get_or_init(py, || {
        let types = py.import("types").ok()?;
        Some(Types {
            generator: types.getattr("GeneratorType").ok()?.unbind(),
            async_generator: types.getattr("AsyncGeneratorType").ok()?.unbind(),
        })
    });
    let class = result.get_type();
    let is_generator = types
        .as_ref()
        .is_some_and(|types| class.is(types.generator.bind(py)) || class.is(types.async_generator.bind(py)));
    is_generator || class.name().is_ok_and(|name| name == "StreamingResponse")
}
