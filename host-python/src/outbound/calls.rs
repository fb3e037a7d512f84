//! What the calls of every client library have in common: what they are recorded by, and for how long they are.

use crate::parent::Role;
use crate::{current::Current, live::Live, place::Place, recorder::Recorder, texts::Texts};
use pyo3::prelude::*;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// The calls of one kind of client, which begin as exchanges until they are stopped.
#[derive(Debug)]
pub(crate) struct Calls {
    current: Arc<Current>,
    stopped: AtomicBool,
}

impl Calls {
    /// What this recorder is to record.
    pub(crate) fn of(recorder: &Bound<'_, Recorder>) -> Self {
        Self { current: recorder.get().current(), stopped: AtomicBool::new(false) }
    }

    /// Begins no more exchanges.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// What a call is to be that is made now, with what is in progress, and `inner`, a span of OpenTelemetry inside of that.
    /// None: calls are no longer recorded.
    pub(crate) fn role(&self, current: &Bound<'_, PyAny>, inner: Option<Place>) -> Option<Role> {
        let role = Role::under(current, inner);
        (!self.stopped.load(Ordering::Relaxed)).then_some(role)
    }

    /// Begins the exchange of a call, by the head of its request. None: the rules leave it out.
    pub(crate) fn begin(&self, head: &Texts, parent: Option<Place>) -> Option<Live> {
        Live::begin(self.current.shared(), head, parent)
    }
}
