//! A sandbox that many exchanges share.

use crate::{
    process,
    sandbox::{Sandbox, SpanSettings},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A sandbox, shared by the exchanges in it.
#[derive(Debug)]
pub(crate) struct Shared {
    sandbox: Mutex<Guarded>,
    asked: Option<Asked>,
    propagate: Vec<String>,
    spans: SpanSettings,
}

/// Fields of the scope that rules ask for, such as `state.user_id`.
pub(crate) type Asked = Arc<[String]>;

#[derive(Debug)]
pub(crate) struct Guarded {
    pub(crate) sandbox: Sandbox,
    /// The process that made the guest; see [`process::generation`].
    pub(crate) generation: u32,
}

impl Shared {
    pub(crate) fn new(sandbox: Sandbox) -> Self {
        let scope = &sandbox.settings().scope;
        let propagate = sandbox.settings().propagate.clone();
        let spans = sandbox.settings().spans.clone();
        let asked = (!scope.is_empty()).then(|| scope.as_slice().into());
        Self {
            sandbox: Mutex::new(Guarded { sandbox, generation: process::generation() }),
            asked,
            propagate,
            spans,
        }
    }

    /// What rules ask of the scope when an exchange ends; `None` where they ask nothing.
    pub(crate) fn asked(&self) -> Option<Asked> {
        self.asked.clone()
    }

    /// What is kept of spans.
    pub(crate) fn spans(&self) -> &SpanSettings {
        &self.spans
    }

    /// Whether a call to this host, in lower case, takes a `traceparent` along.
    pub(crate) fn tells(&self, host: &[u8]) -> bool {
        self.propagate.iter().any(|named| fits(named.as_bytes(), host))
    }

    /// Whether there is any such host.
    pub(crate) fn tells_somebody(&self) -> bool {
        !self.propagate.is_empty()
    }

    /// The sandbox. In a forked child the guest is a new one.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Guarded> {
        let mut guarded = self.sandbox.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = process::generation();
        if guarded.generation != generation {
            guarded.generation = generation;
            guarded.sandbox.abandon();
        }
        guarded
    }
}

/// Whether a host is the one that is named, or below it where the name begins with `*.`.
fn fits(named: &[u8], host: &[u8]) -> bool {
    match named.strip_prefix(b"*") {
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        None => host == named,
    }
}
