//! A record as it may be stored: an event with its secrets masked, or one that is only counted.

use std::{borrow::Cow, mem::take, time::Duration};

use offpath_core::event::{Event, Exchange, Generation, Kind, Level, Outcome, Span};

use crate::{
    enrich::Enricher,
    metrics::{Generated, Metrics, Request},
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
    generation: Option<Generated>,
    done: Done,
}

/// Reads records.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) treatments: Treatments,
    pub(super) enricher: Enricher,
}

impl Reader {
    /// Reads a record, and does with it what its rules say. `None` if it is no event, or one for which that cannot be done.
    pub(super) fn read<'p>(&mut self, payload: &'p [u8]) -> Option<Record<'p>> {
        let mut event = Event::from_bytes(payload).ok()?;
        Some(match &event.kind {
            Some(Kind::Exchange(_) | Kind::Span(_) | Kind::Score(_)) => {
                let done = self.treatments.treat(&mut event);
                self.enricher.enrich(&mut event, &done.llm);
                let stored = event.to_bytes().into();
                let (generation, request) = (generation(&mut event), request(&mut event));
                Record::Store(
                    stored,
                    Told { source: event.source, is_stored: true, request, generation, done },
                )
            }
            Some(Kind::Unsampled(_)) => {
                let request = request(&mut event);
                Record::Count(Told { source: event.source, request, ..Told::default() })
            }
            Some(Kind::Loss(_)) => {
                let event = counted_only(event);
                let stored = event.to_bytes().into();
                Record::Store(stored, Told { source: event.source, is_stored: true, ..Told::default() })
            }
            // A newer producer's keeps its bytes: what is not known here is lost when it is written anew. But where it has
            // rules, it has secrets, and nobody here knows where.
            None if event.treatment.is_empty() => Record::Store(
                payload.into(),
                Told { source: event.source, is_stored: true, ..Told::default() },
            ),
            None => return None,
        })
    }

    /// Reads a record that another exporter has had in its spool: what its rules say was done there, what a model did was read
    /// there, and what is counted of it. It keeps its bytes. One that still has a treatment was in no spool.
    pub(super) fn forwarded<'p>(&mut self, payload: &'p [u8]) -> Option<Record<'p>> {
        let event = Event::from_bytes(payload).ok()?;
        if !event.treatment.is_empty() || matches!(event.kind, Some(Kind::Unsampled(_))) {
            return self.read(payload);
        }
        Some(Record::Store(payload.into(), Told { source: event.source, is_stored: true, ..Told::default() }))
    }
}

/// A loss without what is said of an exchange only, which nothing was done to.
fn counted_only(event: Event) -> Event {
    Event {
        user_id: String::new(),
        session_id: String::new(),
        tags: Vec::new(),
        treatment: Vec::new(),
        told: 0,
        ..event
    }
}

/// Takes out of an event, which is not needed any more, what is counted of it.
fn request(event: &mut Event) -> Option<Request> {
    let (route, method, status) = match &mut event.kind {
        Some(Kind::Exchange(exchange)) => (&mut exchange.route, &mut exchange.method, exchange.status),
        Some(Kind::Unsampled(unsampled)) => (&mut unsampled.route, &mut unsampled.method, unsampled.status),
        Some(Kind::Loss(_) | Kind::Span(_) | Kind::Score(_)) | None => return None,
    };
    let (route, method, service) = (take(route), take(method), take(&mut event.service));
    Some(Request { service, route, method, status, took: Duration::from_nanos(event.duration_ns) })
}

/// Likewise, of what a model did.
fn generation(event: &mut Event) -> Option<Generated> {
    let (generation, failed) = match &mut event.kind {
        Some(Kind::Exchange(exchange)) => (exchange.generation.take()?, how_it_failed(exchange)),
        Some(Kind::Span(span)) => (span.generation.take()?, has_gone_wrong(span).then(|| OTHER.to_owned())),
        Some(Kind::Score(_) | Kind::Loss(_) | Kind::Unsampled(_)) | None => return None,
    };
    let Generation { system, operation, request_model, response_model, usage, cost, first_token_ns, .. } =
        generation;
    let error_type =
        if generation.error_kind.is_empty() { failed.unwrap_or_default() } else { generation.error_kind };
    let told = Generation {
        system,
        operation,
        request_model,
        response_model,
        usage,
        cost,
        first_token_ns,
        ..Generation::default()
    };
    let took = Duration::from_nanos(event.duration_ns);
    Some(Generated { generation: Box::new(told), took, error_type })
}

/// What the conventions call an error that has no name.
const OTHER: &str = "_OTHER";

/// In words of which there are few: what was raised, or a provider's own code, may be any.
fn how_it_failed(exchange: &Exchange) -> Option<String> {
    match Outcome::try_from(exchange.outcome) {
        Ok(outcome) if !matches!(outcome, Outcome::Completed | Outcome::Unspecified) => {
            Some(outcome.name().to_owned())
        }
        _ if (400..600).contains(&exchange.status) => Some(exchange.status.to_string()),
        _ => exchange.error.as_ref().map(|_| OTHER.to_owned()),
    }
}

fn has_gone_wrong(span: &Span) -> bool {
    span.error.is_some() || span.level == Level::Error as i32
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
        if let Some(generation) = self.generation {
            metrics.generation(generation);
        }
        metrics.masked(self.done.masked);
        self.done.withheld.into_iter().for_each(|why| metrics.withheld(why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use offpath_core::event::{Exchange, Loss, Unsampled};

    /// Field 100, a string.
    const NEW: &[u8] = &[0xA2, 0x06, 3, b'n', b'e', b'w'];

    fn reader() -> Reader {
        Reader { treatments: Treatments::default(), enricher: Enricher::default() }
    }

    fn read_event(event: &Event) -> Option<(Vec<u8>, Told)> {
        match reader().read(&event.to_bytes()).expect("an event") {
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
    fn a_generation_is_counted_with_whose_it_was_how_long_it_took_and_how_it_failed() {
        let told = |status, error_kind: &str, outcome: Outcome| {
            let read = Generation {
                system: "openai".to_owned(),
                operation: "chat".to_owned(),
                error_kind: error_kind.to_owned(),
                ..Generation::default()
            };
            let outcome = outcome as i32;
            let exchange = Exchange { status, outcome, generation: Some(read), ..Exchange::default() };
            let mut event =
                Event { duration_ns: 7, kind: Some(Kind::Exchange(exchange)), ..Event::default() };
            let told = generation(&mut event).expect("a generation");
            assert_eq!((told.generation.system.as_str(), told.took), ("openai", Duration::from_nanos(7)));
            told.error_type
        };
        assert_eq!(told(200, "", Outcome::Completed), "");
        assert_eq!(told(429, "rate_limit", Outcome::Completed), "rate_limit");
        assert_eq!(told(404, "", Outcome::Completed), "404");
        assert_eq!(told(200, "", Outcome::ClientDisconnected), "client_disconnected");
    }

    #[test]
    fn what_is_not_known_here_keeps_its_bytes_unless_there_is_something_to_do_with_it() {
        let unknown = |event: Event| [&event.to_bytes()[..], NEW].concat();
        let plain = unknown(Event { source: "new".to_owned(), ..Event::default() });
        let mut reader = reader();
        let record = reader.read(&plain).expect("an event");
        assert!(matches!(&record, Record::Store(bytes, _) if **bytes == *plain), "{record:?}");
        let treatment = offpath_core::treatment::Treatment::standard().to_bytes();
        let secret = unknown(Event { treatment, ..Event::default() });
        assert!(reader.read(&secret).is_none());
    }

    #[test]
    fn of_a_loss_only_what_a_loss_is_is_stored() {
        let loss = Loss { reason: "trap".to_owned(), count: 1, ..Loss::default() };
        let loss =
            Event { source: "asgi".to_owned(), kind: Some(Kind::Loss(loss)), id_low: 7, ..Event::default() };
        let exchange = Exchange { query: "password=hunter2".to_owned(), ..Exchange::default() };
        let exchange = Event { kind: Some(Kind::Exchange(exchange)), ..Event::default() };
        let more = Event {
            user_id: "ann@example.org".to_owned(),
            tags: vec!["beta".to_owned()],
            treatment: b"any".to_vec(),
            told: 1,
            ..loss.clone()
        };
        // Of kinds, the last one holds.
        let all = [&exchange.to_bytes()[..], &more.to_bytes(), NEW].concat();
        let mut reader = reader();
        let record = reader.read(&all).expect("an event");
        assert!(matches!(&record, Record::Store(bytes, _) if **bytes == *loss.to_bytes()), "{record:?}");
    }

    #[test]
    fn what_sampling_left_out_is_not_stored_and_what_is_no_event_is_nothing() {
        let event = Event { kind: Some(Kind::Unsampled(Unsampled::default())), ..Event::default() };
        assert!(read_event(&event).is_none());
        assert!(reader().read(b"\xFF").is_none());
    }
}
