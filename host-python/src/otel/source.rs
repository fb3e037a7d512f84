//! Where spans come from: a process's resource and the scope of an instrumentation. Of either there are few, so each is
//! encoded once.
//!
//! ```text
//! Resource             = KeyValue attributes 1, uint32 dropped_attributes_count 2
//! InstrumentationScope = string name 1, string version 2, KeyValue attributes 3, uint32 dropped_attributes_count 4
//! ```
//!
//! <https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto>

use super::{
    attributes::{Attributes, Pairs},
    value::Limits,
};
use crate::{asgi::message::utf8, sandbox::SpanSettings};
use offpath_wire as wire;
use pyo3::{PyTraverseError, PyVisit, intern, prelude::*, types::PyString};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many are held. One that an app makes for each request has its place taken by the next.
const MOST: usize = 16;
/// Most bytes of all attributes of one.
const MOST_ROOM: usize = 64 << 10;

/// A resource or a scope, encoded.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) message: Vec<u8>,
    pub(super) schema_url: Vec<u8>,
}

/// What was encoded already, by the object that it was made of. It holds the object, so that no other comes to have its
/// address.
#[derive(Debug, Default)]
pub(super) struct Sources {
    known: Mutex<Vec<(Py<PyAny>, Arc<Source>)>>,
}

/// How one is encoded.
type Encode = fn(&Bound<'_, PyAny>, &SpanSettings, usize) -> PyResult<Vec<u8>>;

impl Sources {
    /// The one that this object is. Its attributes take at most `room` bytes.
    pub(super) fn of(
        &self,
        object: &Bound<'_, PyAny>,
        settings: &SpanSettings,
        room: usize,
        encode: Encode,
    ) -> PyResult<Arc<Source>> {
        if object.is_none() {
            return Ok(Arc::default());
        }
        let known =
            self.lock().iter().find(|(known, _)| known.is(object)).map(|(_, source)| Arc::clone(source));
        if let Some(source) = known {
            return Ok(source);
        }
        let schema_url = object.getattr_opt(intern!(object.py(), "schema_url"))?;
        let schema_url = schema_url.as_ref().map(text).unwrap_or_default();
        let source = Arc::new(Source { message: encode(object, settings, room.min(MOST_ROOM))?, schema_url });
        let mut known = self.lock();
        let oldest = (known.len() >= MOST).then(|| known.remove(0));
        known.push((object.clone().unbind(), Arc::clone(&source)));
        drop(known);
        // Under no lock: its end may run Python.
        drop(oldest);
        Ok(source)
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        // A lock that is held belongs to a thread that is about to use them: no garbage.
        let Ok(known) = self.known.try_lock() else { return Ok(()) };
        known.iter().try_for_each(|(object, _)| visit.call(object))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Py<PyAny>, Arc<Source>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn resource(
    resource: &Bound<'_, PyAny>,
    settings: &SpanSettings,
    room: usize,
) -> PyResult<Vec<u8>> {
    let mut out = Vec::new();
    write_attributes(&mut out, resource, settings, room, 1)?;
    Ok(out)
}

pub(super) fn scope(scope: &Bound<'_, PyAny>, settings: &SpanSettings, room: usize) -> PyResult<Vec<u8>> {
    let py = scope.py();
    let mut out = Vec::new();
    wire::bytes(&mut out, 1, &text(&scope.getattr(intern!(py, "name"))?));
    wire::bytes(&mut out, 2, &text(&scope.getattr(intern!(py, "version"))?));
    write_attributes(&mut out, scope, settings, room, 3)?;
    Ok(out)
}

fn write_attributes(
    out: &mut Vec<u8>,
    of: &Bound<'_, PyAny>,
    settings: &SpanSettings,
    room: usize,
    tag: u32,
) -> PyResult<()> {
    let Some(attributes) = of.getattr_opt(intern!(of.py(), "attributes"))? else { return Ok(()) };
    let mut limits = Limits::new(settings);
    let pairs = Pairs::of(&attributes)?;
    let mut attributes = Attributes::new(tag, &pairs, &mut limits)?;
    attributes.fit(room, &mut limits);
    attributes.write(out);
    wire::number(out, tag + 1, attributes.dropped as u64);
    Ok(())
}

fn text(value: &Bound<'_, PyAny>) -> Vec<u8> {
    value.cast::<PyString>().map(|text| utf8(text).into_owned()).unwrap_or_default()
}
