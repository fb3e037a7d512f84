//! Events that are sent together, as the bytes that the spool has: a small part of what they take once they are read.

use std::{cell::Cell, ops::Range, rc::Rc};

use offpath_core::event::Event;

use super::Request;

/// Bytes that all batches of a sink hold. Clones are the same count.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter(Rc<Cell<usize>>);

impl Meter {
    /// How many there are.
    pub(super) fn held(&self) -> usize {
        self.0.get()
    }
}

/// Where events came from, and so where they are marked as delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Indexes are those of the spool.
    Spool,
    /// Indexes are places in the parcel with this number.
    Parcel(u64),
}

/// A batch. What it holds counts until it goes.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) origin: Origin,
    /// When the first of it came, in nanoseconds since the Unix epoch.
    pub(super) received_unix_ns: u64,
    bytes: Vec<u8>,
    records: Vec<(u64, Range<usize>)>,
    meter: Meter,
    counted: Cell<usize>,
}

impl Batch {
    pub(super) fn new(origin: Origin, received_unix_ns: u64, meter: &Meter) -> Self {
        let meter = meter.clone();
        Self {
            origin,
            received_unix_ns,
            bytes: Vec::new(),
            records: Vec::new(),
            meter,
            counted: Cell::new(0),
        }
    }

    /// Adds an encoded event that is there as `index`.
    pub(super) fn push(&mut self, index: u64, event: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(event);
        self.records.push((index, start..self.bytes.len()));
        self.count(event.len());
    }

    /// No more are added: it is to take what it counts, and not twice as much.
    pub(super) fn close(mut self) -> Self {
        self.bytes.shrink_to_fit();
        self.records.shrink_to_fit();
        self
    }

    /// It holds so many bytes more: those of a request made of it.
    pub(super) fn count(&self, bytes: usize) {
        self.counted.set(self.counted.get() + bytes);
        self.meter.0.set(self.meter.0.get() + bytes);
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Index of the event at a place.
    pub(super) fn index(&self, place: usize) -> Option<u64> {
        self.records.get(place).map(|(index, _)| *index)
    }

    /// The events at these places, as far as they can be read.
    pub(super) fn read(&self, places: &[usize]) -> Read {
        let mut read = Read::default();
        for place in places {
            let bytes = self.records.get(*place).and_then(|(_, range)| self.bytes.get(range.clone()));
            if let Some(Ok(event)) = bytes.map(Event::from_bytes) {
                read.events.push(event);
                read.places.push(*place);
            } else {
                read.unreadable.push(*place);
            }
        }
        read
    }
}

/// Events of a batch.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) events: Vec<Event>,
    /// The place in the batch of each of them.
    pub(super) places: Vec<usize>,
    /// Places of what cannot be read.
    pub(super) unreadable: Vec<usize>,
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.meter.0.set(self.meter.0.get().saturating_sub(self.counted.get()));
    }
}

/// Has a request that was made of the events at some places of a batch speak of places in the batch.
pub(super) fn in_batch(request: &mut Request, places: &[usize]) {
    request.events = request.events.iter().filter_map(|event| places.get(*event).copied()).collect();
}
