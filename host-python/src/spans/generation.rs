//! What a model did in a span, as the app tells it.

use super::{body, frame, json, text};
use crate::{sandbox::SpanSettings, shared::Shared};
use offpath_wire as wire;
use pyo3::{
    intern,
    prelude::*,
    types::{PyBool, PyDict, PyFloat, PyInt, PyString},
};

/// Tags of `Span` and `Generation`.
const GENERATION: u32 = 9;
const REQUEST_MODEL: u32 = 3;
const PARAMETERS: u32 = 7;
const USAGE: u32 = 10;
const COST: u32 = 11;
const FIRST_TOKEN_NS: u32 = 12;
const PROMPT_NAME: u32 = 15;
const PROMPT_VERSION: u32 = 16;
/// Tags of `Tokens` and `Cost`.
const KIND: u32 = 1;
const AMOUNT: u32 = 2;
/// Most kinds of tokens.
const MOST_KINDS: usize = 32;
const LONGEST_NAME: usize = 200;

/// What is told of it, by one update or all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Generation {
    pub(super) model: Option<String>,
    pub(super) parameters: Option<Vec<u8>>,
    pub(super) usage: Option<Vec<(String, u64)>>,
    pub(super) cost: Option<Vec<(String, f64)>>,
    /// Nanoseconds since the Unix epoch.
    pub(super) first_token_unix_ns: Option<u64>,
    pub(super) prompt: Option<(String, u32)>,
}

impl Generation {
    pub(super) fn overlay(&mut self, later: Self) {
        let Self { model, parameters, usage, cost, first_token_unix_ns, prompt } = later;
        self.model = model.or(self.model.take());
        self.parameters = parameters.or(self.parameters.take());
        self.usage = usage.or(self.usage.take());
        self.cost = cost.or(self.cost.take());
        self.first_token_unix_ns = first_token_unix_ns.or(self.first_token_unix_ns);
        self.prompt = prompt.or(self.prompt.take());
    }

    /// Appends it as a field of `Span`.
    pub(super) fn write(&self, span: &mut Vec<u8>, start_unix_ns: u64, propagated: Option<&(String, u32)>) {
        let field = frame::open(span, GENERATION);
        wire::bytes(span, REQUEST_MODEL, self.model.as_deref().unwrap_or_default().as_bytes());
        wire::bytes(span, PARAMETERS, self.parameters.as_deref().unwrap_or_default());
        for (kind, count) in self.usage.iter().flatten() {
            let tokens = frame::open(span, USAGE);
            wire::bytes(span, KIND, kind.as_bytes());
            wire::number(span, AMOUNT, *count);
            frame::close(span, tokens);
        }
        for (kind, usd) in self.cost.iter().flatten() {
            let cost = frame::open(span, COST);
            wire::bytes(span, KIND, kind.as_bytes());
            wire::double(span, AMOUNT, *usd);
            frame::close(span, cost);
        }
        if let Some(unix_ns) = self.first_token_unix_ns {
            wire::present_number(span, FIRST_TOKEN_NS, unix_ns.saturating_sub(start_unix_ns));
        }
        if let Some((name, version)) = self.prompt.as_ref().or(propagated) {
            wire::bytes(span, PROMPT_NAME, name.as_bytes());
            wire::number(span, PROMPT_VERSION, (*version).into());
        }
        frame::close(span, field);
    }
}

/// The model's parameters as an object of JSON.
pub(super) fn parameters(value: &Bound<'_, PyAny>, shared: &Shared) -> Vec<u8> {
    let settings: &SpanSettings = shared.spans();
    let mut out = Vec::new();
    json::write(&mut out, value, body::limits(settings, settings.metadata));
    out
}

/// Tokens by kind. OpenAI's own shape is told by Langfuse's names, as Langfuse's server does.
pub(super) fn usage(value: &Bound<'_, PyAny>) -> Option<Vec<(String, u64)>> {
    let counts = numbers(value, |number| {
        let is_whole = number.is_instance_of::<PyInt>() && !number.is_instance_of::<PyBool>();
        is_whole.then(|| number.extract().ok()).flatten()
    })?;
    let renamed = |kind: String| match kind.as_str() {
        "prompt_tokens" | "input_tokens" => "input".to_owned(),
        "completion_tokens" | "output_tokens" => "output".to_owned(),
        "total_tokens" => "total".to_owned(),
        _ => kind,
    };
    Some(counts.into_iter().map(|(kind, count)| (renamed(kind), count)).collect())
}

/// US dollars by kind.
pub(super) fn cost(value: &Bound<'_, PyAny>) -> Option<Vec<(String, f64)>> {
    numbers(value, |number| {
        let is_number = number.is_instance_of::<PyFloat>()
            || number.is_instance_of::<PyInt>() && !number.is_instance_of::<PyBool>();
        is_number.then(|| number.extract().ok()).flatten().filter(|usd: &f64| usd.is_finite())
    })
}

fn numbers<N>(
    value: &Bound<'_, PyAny>,
    number: impl Fn(&Bound<'_, PyAny>) -> Option<N>,
) -> Option<Vec<(String, N)>> {
    let members = value.cast::<PyDict>().ok()?;
    let members = members.iter().take(MOST_KINDS);
    let named = |(kind, value): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
        Some((text::short(kind.cast::<PyString>().ok()?, LONGEST_NAME), number(&value)?))
    };
    Some(members.filter_map(named).collect())
}

/// A `datetime` as nanoseconds since the Unix epoch.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of this century")]
pub(super) fn unix_ns(time: &Bound<'_, PyAny>) -> Option<u64> {
    let seconds: f64 = time.call_method0(intern!(time.py(), "timestamp")).ok()?.extract().ok()?;
    // A float of seconds has the microseconds that a datetime has, and no more.
    (seconds >= 0.0).then(|| (seconds * 1e6).round() as u64 * 1000)
}
