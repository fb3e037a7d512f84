//! The texts of an event that come from outside. Those of the operator's own, such as routes, rules and the names of
//! hosts that a proxy sends to, are not among them.

use offpath_core::{
    event::{Event, Kind},
    mask::REDACTED,
};

/// A text, and what separates its parts.
pub(super) enum Text<'e> {
    /// Path of a URL: segments, percent-encoded.
    Path(&'e mut String),
    /// Query of a URL: parameters, percent-encoded.
    Query(&'e mut String),
    /// Any other.
    Plain(&'e mut String),
}

impl Text<'_> {
    /// Puts a mask in its place.
    pub(super) fn withhold(self) {
        let (Self::Path(text) | Self::Query(text) | Self::Plain(text)) = self;
        if !text.is_empty() {
            REDACTED.clone_into(text);
        }
    }
}

/// Hands over each text that is not empty.
pub(super) fn each(event: &mut Event, mut act: impl FnMut(Text<'_>)) {
    let act: &mut dyn FnMut(Text<'_>) = &mut act;
    for text in [&mut event.user_id, &mut event.session_id].into_iter().chain(&mut event.tags) {
        plain(text, act);
    }
    let Some(Kind::Exchange(exchange)) = &mut event.kind else { return };
    plain(&mut exchange.client, act);
    // A host is an address by itself; only what is before an `@` in it is somebody's.
    if exchange.host.contains('@') {
        plain(&mut exchange.host, act);
    }
    if let Some(error) = &mut exchange.error {
        plain(&mut error.r#type, act);
        plain(&mut error.message, act);
    }
    if let Some(websocket) = &mut exchange.websocket {
        plain(&mut websocket.subprotocol, act);
    }
    for message in [&mut exchange.request, &mut exchange.response].into_iter().flatten() {
        for header in &mut message.headers {
            plain(&mut header.value, act);
        }
    }
    if !exchange.path.is_empty() {
        act(Text::Path(&mut exchange.path));
    }
    if !exchange.query.is_empty() {
        act(Text::Query(&mut exchange.query));
    }
}

fn plain(text: &mut String, act: &mut dyn FnMut(Text<'_>)) {
    if !text.is_empty() {
        act(Text::Plain(text));
    }
}
