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

#[cfg(test)]
mod tests {
    use super::*;
    use offpath_core::event::{Exchange, Loss, Unsampled};

    fn read_event(event: &Event) -> Option<(Vec<u8>, Told)> {
        match read(&event.to_bytes(), &mut Treatments::default()).expect("an event") {
            Record::Store(bytes, told) => Some((bytes.into_owned(), told)),
            Record::Count(_) => None,
        }
    }

    #[test]
    fn an_exchange_is_stored_without_its_treatment_and_counted_by_what_it_was() {
        let exchange = Exchange { method: "GET".to_owned(), status: 204, ..Exchange::default() };
        let treatment = offpath_core::treatment::Treatment::standard().to_bytes();
        let event = Event { kind: Some(Kind::Exchange(exchange)), treatment, ..Event::default() };
        let (bytes, told) = read_event(&event).expect("stored");
        let stored = Event::from_bytes(&bytes).expect("an event");
        assert_eq!(stored, Event { treatment: Vec::new(), ..event });
        let request = told.request.expect("a request");
        assert_eq!((request.method.as_str(), request.status), ("GET", 204));
    }

    #[test]
    fn what_is_not_known_here_keeps_its_bytes() {
        let mut unknown = Event { treatment: b"any".to_vec(), ..Event::default() }.to_bytes();
        // Field 100, a string.
        unknown.extend_from_slice(&[0xA2, 0x06, 3, b'n', b'e', b'w']);
        let record = read(&unknown, &mut Treatments::default()).expect("an event");
        assert!(matches!(&record, Record::Store(bytes, _) if **bytes == *unknown), "{record:?}");
        let loss = Loss { reason: "trap".to_owned(), count: 1, ..Loss::default() };
        let loss = Event { kind: Some(Kind::Loss(loss)), ..Event::default() };
        assert_eq!(read_event(&loss).expect("stored").0, loss.to_bytes());
    }

    #[test]
    fn what_sampling_left_out_is_not_stored_and_what_is_no_event_is_nothing() {
        let event = Event { kind: Some(Kind::Unsampled(Unsampled::default())), ..Event::default() };
        assert!(read_event(&event).is_none());
        assert!(read(b"\xFF", &mut Treatments::default()).is_none());
    }
}
