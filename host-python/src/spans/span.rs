//! One span of the app, as Python sees it.

use super::{
    body::{self, INPUT, OUTPUT},
    event::Ending,
    generation::{self, Generation},
    inner::{Inner, Level},
    json,
    metadata::Metadata,
    propagated::{self, Propagated},
    registry, text,
    told::{Fields, Told},
    yielded::Yielded,
};
use crate::{guard::guarded, parent, place::Place, process};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyGeneratorExit, PyKeyboardInterrupt, PySystemExit},
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyString},
};
use std::sync::{Arc, OnceLock};

/// Longest name, message or version that is kept, in characters.
pub(super) const LONGEST: usize = 1000;
const LEVELS: [(&str, Level); 4] = [
    ("DEFAULT", Level::Default),
    ("DEBUG", Level::Debug),
    ("WARNING", Level::Warning),
    ("ERROR", Level::Error),
];

/// A span that is in progress, or was.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct Span {
    pub(super) inner: Arc<Inner>,
    /// What was in progress before it, once it is so no more.
    left_for: OnceLock<Py<PyAny>>,
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
        Self { inner, left_for: OnceLock::new() }
    }

    /// What contexts go on with that have it in progress still.
    pub(crate) fn left_for(&self) -> Option<&Py<PyAny>> {
        self.left_for.get()
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
        let class = json::class_name(error);
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
    /// For Python's collector.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.left_for.get().map_or(Ok(()), |before| visit.call(before))
    }

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

    /// The environment that it is of, where the app has said another than the configuration's.
    #[getter]
    fn environment(&self) -> Option<String> {
        let propagated = self.inner.with(|state| state.propagated.clone())?;
        (!propagated.environment.is_empty()).then(|| propagated.environment.clone())
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
        let propagated = propagated.get().now();
        self.inner.change(|state| state.propagated = propagated);
    }

    /// Says that it is not in progress any more, but what was `before`, in contexts that could not be told.
    fn leave(&self, before: &Bound<'_, PyAny>) {
        // What was left before it is nothing to go on with, and would be held for ever. The first word holds.
        let _ = self.left_for.set(parent::in_progress(before).unbind());
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
    LEVELS.into_iter().find_map(|(known, level)| (known == name).then_some(level))
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
    is_generator || json::class_name(result) == "StreamingResponse"
}
