//! The texts of an event that come from outside. Those of the operator's own, such as routes, rules and the names of
//! hosts that a proxy sends to, are not among them.

use offpath_core::{
    event::{Error, Event, Exchange, Kind, Span},
    limits,
    mask::REDACTED,
};

/// A text.
pub(super) struct Text<'e> {
    pub(super) text: &'e mut String,
    pub(super) parts: Parts,
    /// How many of its bytes may stay. It may be longer by [`limits::MARGIN`], for what the limit goes through.
    pub(super) limit: usize,
}

/// What a text consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    /// Segments of a URL's path, percent-encoded.
    Segments,
    /// Parameters of a URL's query, percent-encoded.
    Parameters,
    /// It is one.
    Whole,
}

impl Text<'_> {
    /// Puts a mask in its place.
    pub(super) fn withhold(self) {
        if !self.text.is_empty() {
            REDACTED.clone_into(self.text);
        }
    }
}

/// Hands over each text that is not empty.
pub(super) fn each(event: &mut Event, mut act: impl FnMut(Text<'_>)) {
    let act: &mut dyn FnMut(Text<'_>) = &mut act;
    for text in [&mut event.user_id, &mut event.session_id].into_iter().chain(&mut event.tags) {
        plain(text, usize::MAX, act);
    }
    match &mut event.kind {
        Some(Kind::Exchange(exchange)) => of_exchange(exchange, act),
        Some(Kind::Span(span)) => of_span(span, act),
        Some(Kind::Score(score)) => {
            for text in [&mut score.text, &mut score.comment] {
                plain(text, usize::MAX, act);
            }
        }
        Some(Kind::Loss(_) | Kind::Unsampled(_)) | None => {}
    }
}

fn of_span(span: &mut Span, act: &mut dyn FnMut(Text<'_>)) {
    for text in [&mut span.name, &mut span.status_message, &mut span.trace_name, &mut span.version] {
        plain(text, usize::MAX, act);
    }
    if let Some(error) = &mut span.error {
        of_error(error, act);
    }
    if let Some(generation) = &mut span.generation {
        let models =
            [&mut generation.request_model, &mut generation.response_model, &mut generation.response_id];
        for text in models.into_iter().chain([&mut generation.prompt_name, &mut generation.error_kind]) {
            plain(text, usize::MAX, act);
        }
    }
}

fn of_error(error: &mut Error, act: &mut dyn FnMut(Text<'_>)) {
    plain(&mut error.r#type, usize::MAX, act);
    plain(&mut error.message, limits::MESSAGE, act);
}

fn of_exchange(exchange: &mut Exchange, act: &mut dyn FnMut(Text<'_>)) {
    plain(&mut exchange.client, usize::MAX, act);
    plain(&mut exchange.trace_name, usize::MAX, act);
    // A host is an address by itself; only what is before an `@` in it is somebody's.
    if exchange.host.contains('@') {
        plain(&mut exchange.host, usize::MAX, act);
    }
    if let Some(error) = &mut exchange.error {
        of_error(error, act);
    }
    if let Some(websocket) = &mut exchange.websocket {
        plain(&mut websocket.subprotocol, usize::MAX, act);
    }
    for message in [&mut exchange.request, &mut exchange.response].into_iter().flatten() {
        for header in &mut message.headers {
            plain(&mut header.value, limits::HEADER, act);
        }
    }
    text(&mut exchange.path, Parts::Segments, limits::PATH, act);
    text(&mut exchange.query, Parts::Parameters, limits::QUERY, act);
}

fn plain(text: &mut String, limit: usize, act: &mut dyn FnMut(Text<'_>)) {
    self::text(text, Parts::Whole, limit, act);
}

fn text(text: &mut String, parts: Parts, limit: usize, act: &mut dyn FnMut(Text<'_>)) {
    if !text.is_empty() {
        act(Text { text, parts, limit });
    }
}
