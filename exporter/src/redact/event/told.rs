//! Where an event holds what somebody sent or an app told, whatever kind of event it is.

use offpath_core::event::{Body, Event, Kind, Message};

/// All bodies of an event.
pub(super) fn bodies(event: &mut Event) -> impl Iterator<Item = &mut Body> {
    let bodies = match &mut event.kind {
        Some(Kind::Exchange(exchange)) => {
            [body_of(&mut exchange.request), body_of(&mut exchange.response), None, None]
        }
        Some(Kind::Span(span)) => {
            [span.input.as_mut(), span.output.as_mut(), span.metadata.as_mut(), span.trace_metadata.as_mut()]
        }
        Some(Kind::Score(score)) => [score.metadata.as_mut(), None, None, None],
        Some(Kind::Loss(_) | Kind::Unsampled(_)) | None => [None, None, None, None],
    };
    bodies.into_iter().flatten()
}

/// What a model was asked to do its work with, as JSON.
pub(super) fn parameters(event: &mut Event) -> Option<&mut String> {
    match &mut event.kind {
        Some(Kind::Span(span)) => span.generation.as_mut().map(|generation| &mut generation.parameters),
        _ => None,
    }
}

fn body_of(message: &mut Option<Message>) -> Option<&mut Body> {
    message.as_mut()?.body.as_mut()
}

/// Takes out what no producer has to say: it would be a second copy of a body that nobody looked into.
pub(super) fn forget_what_only_the_exporter_knows(event: &mut Event) {
    match &mut event.kind {
        Some(Kind::Exchange(exchange)) => exchange.generation = None,
        Some(Kind::Span(span)) => {
            if let Some(generation) = &mut span.generation {
                generation.input.clear();
                generation.output.clear();
            }
        }
        Some(Kind::Score(_) | Kind::Loss(_) | Kind::Unsampled(_)) | None => {}
    }
}

/// Takes out a span of OpenTelemetry; a body says that there was one.
pub(super) fn forget_otel(event: &mut Event) {
    if let Some(Kind::Span(span)) = &mut event.kind
        && let Some(otel) = span.otel.take()
    {
        span.input.get_or_insert(Body { size: otel.span.len() as u64, ..Body::default() });
    }
}

/// Takes out when bodies arrived that are not there.
pub(super) fn forget_arrivals(event: &mut Event) {
    let Some(Kind::Exchange(exchange)) = &mut event.kind else { return };
    for message in [&mut exchange.request, &mut exchange.response].into_iter().flatten() {
        message.arrivals.clear();
    }
}
