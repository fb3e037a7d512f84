//! A function that is observed: each call of it is a span, with its arguments as input.

use super::{
    propagated::Propagated,
    remote::Remote,
    span::Span,
    tracer::{self, Begin, Tracer},
};
use crate::guard::guarded;
use pyo3::{
    intern,
    prelude::*,
    types::{PyDict, PyString, PyTuple},
};

/// What its calls have in common.
#[pyclass(frozen, module = "offpath._offpath")]
#[derive(Debug)]
pub(crate) struct ObservedFunction {
    name: String,
    kind: &'static str,
    captures_input: bool,
    /// Its first argument is what it is a method of.
    is_method: bool,
}

#[pymethods]
impl ObservedFunction {
    #[new]
    fn new(name: &Bound<'_, PyString>, as_type: &str, captures_input: bool, is_method: bool) -> Self {
        Self { name: tracer::short_name(name), kind: tracer::kind(as_type), captures_input, is_method }
    }

    /// Begins the span of a call; None where none are recorded. Arguments that are for us are taken out of `kwargs`.
    #[pyo3(signature = (tracer, current, propagated, args, kwargs))]
    fn begin(
        &self,
        tracer: Option<&Bound<'_, Tracer>>,
        current: &Bound<'_, PyAny>,
        propagated: Option<&Bound<'_, Propagated>>,
        args: &Bound<'_, PyTuple>,
        kwargs: &Bound<'_, PyDict>,
    ) -> Option<Span> {
        guarded(|| {
            let named = if kwargs.is_empty() { None } else { elsewhere(kwargs)? };
            let Some(tracer) = tracer else { return Ok(None) };
            let current = named.as_ref().map_or(current, |remote| remote.as_any());
            let begin = Begin {
                name: self.name.clone(),
                kind: self.kind,
                current,
                propagated: propagated.map(Bound::get),
                start_unix_ns: None,
            };
            let Some(span) = tracer.get().start(begin) else { return Ok(None) };
            if self.captures_input && span.inner.recording {
                let arguments: Vec<_> = args.iter().skip(usize::from(self.is_method)).collect();
                span.inner.call(&arguments, Some(kwargs), args.py());
            }
            Ok(Some(span))
        })
        .flatten()
    }
}

/// Takes out of the arguments what names a trace, as Langfuse's decorator does.
fn elsewhere<'py>(kwargs: &Bound<'py, PyDict>) -> PyResult<Option<Bound<'py, Remote>>> {
    let py = kwargs.py();
    let take = |name: &Bound<'py, PyString>| -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(value) = kwargs.get_item(name)? else { return Ok(None) };
        kwargs.del_item(name)?;
        Ok(Some(value))
    };
    let trace = take(intern!(py, "langfuse_trace_id"))?;
    let span = take(intern!(py, "langfuse_parent_observation_id"))?;
    take(intern!(py, "langfuse_public_key"))?;
    let hexadecimal = |value: Option<Bound<'py, PyAny>>, digits: usize| {
        let text = value?.cast_into::<PyString>().ok()?.to_string_lossy().into_owned();
        let fits = text.len() == digits && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        fits.then(|| u128::from_str_radix(&text, 16).ok()).flatten()
    };
    let Some(trace) = hexadecimal(trace, 32).filter(|trace| *trace != 0) else { return Ok(None) };
    let span = hexadecimal(span, 16).and_then(|span| u64::try_from(span).ok()).unwrap_or(0);
    Bound::new(py, Remote::at(trace, span)).map(Some)
}
