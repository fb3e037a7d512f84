//! A record as it may be stored: an event with its secrets masked, or one that is only counted.

use std::{borrow::Cow, mem::take, time::Duration};

use offpath_core::event::{Event, Kind};

use crate::{
    metrics::{Metrics, Request},
    redact::{Done, Treatments},
};

/// What becomes of a record.
#[derive(Debug)]
pub(super) enum Record<'p> {
    /// These bytes are for the spool.
    Store(Cow<'p, [u8]>, Told),
    /// Nothing of it is kept but what metrics show.
    Count(Told),
}

/// What metrics learn of an event.
#[derive(Debug, Default)]
pub(super) struct Told {
    source: String,
    is_stored: bool,
    request: Option<Request>,
    done: Done,
}

/// Reads a record, and does with it what its rules say. `None` if it is no event.
pub(super) fn read<'p>(payload: &'p [u8], treatments: &mut Treatments) -> Option<Record<'p>> {
    let mut event = Event::from_bytes(payload).ok()?;
    Some(match &event.kind {
        Some(Kind::Exchange(_)) => {
            let done = treatments.treat(&mut event);
            let stored = event.to_bytes().into();
            let request = request(&mut event);
            Record::Store(stored, Told { source: event.source, is_stored: true, request, done })
        }
        Some(Kind::Unsampled(_)) => {
            let request = request(&mut event);
            Record::Count(Told { source: event.source, request, ..Told::default() })
        }
        // One of a newer producer's keeps its bytes: what is not known here is lost when it is written anew.
        Some(Kind::Loss(_)) | None => {
            let told = Told { source: event.source, is_stored: true, ..Told::default() };
            Record::Store(payload.into(), told)
        }
    })
}

/// Takes out of an event, which is not needed any more, what is counted of it.
fn request(event: &mut Event) -> Option<Request> {
    let (route, method, status) = match &mut event.kind {
        Some(Kind::Exchange(exchange)) => (&mut exchange.route, &mut exchange.method, exchange.status),
        Some(Kind::Unsampled(unsampled)) => (&mut unsampled.route, &mut unsampled.method, unsampled.status),
        Some(Kind::Loss(_)) | None => return None,
    };
    let (route, method, service) = (take(route), take(method), take(&mut event.service));
    Some(Request { service, route, method, status, took: Duration::from_nanos(event.duration_ns) })
}

impl Told {
    /// Counts it.
    pub(super) fn tell(self, metrics: &Metrics) {
        if self.is_stored {
            metrics.event(&self.source);
        } else {
            metrics.unsampled(&self.source);
        }
        if let Some(request) = self.request {
            metrics.request(request);
        }
        metrics.masked(self.done.masked);
        self.done.withheld.into_iter().for_each(|why| metrics.withheld(why));
    }
}
