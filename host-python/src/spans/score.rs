//! Scores: judgements of a trace, a span or a session, each an event of its own.

use super::{
    body::{self, SCORE, SCORE_METADATA},
    event, frame,
    tracer::Settings,
};
use crate::{clock, envelope::Envelope, process, shared::Shared};
use offpath_wire as wire;
use pyo3::prelude::*;

const SESSION_ID: u32 = 19;
/// Tags of `Score`.
const NAME: u32 = 1;
const VALUE: u32 = 2;
const TEXT: u32 = 3;
const DATA_TYPE: u32 = 4;
const COMMENT: u32 = 5;
const CONFIG_ID: u32 = 7;
const SCORE_ID: u32 = 8;

/// What an app says of it; Python has checked it.
#[derive(Debug, FromPyObject)]
pub(super) struct Judged {
    #[pyo3(item)]
    name: String,
    /// Of a number, or of yes and no.
    #[pyo3(item)]
    value: Option<f64>,
    /// Of a category, or a text.
    #[pyo3(item)]
    text: Option<String>,
    #[pyo3(item)]
    data_type: String,
    #[pyo3(item)]
    comment: Option<String>,
    #[pyo3(item)]
    config_id: Option<String>,
    #[pyo3(item)]
    score_id: Option<String>,
    #[pyo3(item)]
    session_id: Option<String>,
    #[pyo3(item)]
    environment: Option<String>,
    /// Nanoseconds since the Unix epoch.
    #[pyo3(item)]
    timestamp: Option<u64>,
}

pub(super) fn commit(
    shared: &Shared,
    settings: &Settings,
    (trace, observation): (u128, u64),
    judged: &Judged,
    metadata: Option<&Bound<'_, PyAny>>,
) {
    let now = clock::unix_ns();
    let Some(ids) = process::ids(now) else { return };
    let mut out = Vec::with_capacity(512);
    let environment = judged.environment.as_deref().unwrap_or(&settings.environment);
    event::common(&mut out, &shared.spans().common, environment, &settings.release);
    let envelope = Envelope {
        event: ids.event,
        trace,
        span: ids.span,
        parent: observation,
        start_unix_ns: judged.timestamp.unwrap_or(now),
        duration_ns: 0,
    };
    envelope.write(&mut out);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    wire::bytes(&mut out, SESSION_ID, text(&judged.session_id).as_bytes());
    let score = frame::open(&mut out, SCORE);
    wire::bytes(&mut out, NAME, judged.name.as_bytes());
    if let Some(value) = judged.value {
        wire::double(&mut out, VALUE, value);
    }
    for (tag, said) in [
        (TEXT, text(&judged.text)),
        (DATA_TYPE, judged.data_type.clone()),
        (COMMENT, text(&judged.comment)),
        (CONFIG_ID, text(&judged.config_id)),
        (SCORE_ID, text(&judged.score_id)),
    ] {
        wire::bytes(&mut out, tag, said.as_bytes());
    }
    frame::close(&mut out, score);
    let mut cut = false;
    if let Some(metadata) = metadata {
        let limits = body::limits(shared.spans(), shared.spans().metadata);
        cut = body::write(&mut out, SCORE_METADATA, metadata, limits);
    }
    process::commit(&out, cut);
}
