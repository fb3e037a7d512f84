//! Bodies as the core hands them over, and what becomes of them.

use offpath_core::{
    event::{Body, Event, Exchange, Kind, Message, SCHEMA},
    treatment::Treatment,
};
use offpath_exporter::redact::Treatments;
use std::cell::RefCell;

thread_local! {
    /// What was compiled stays.
    static TREATMENTS: RefCell<Treatments> = RefCell::default();
}

/// How far beyond a limit the core hands a body over.
const MARGIN: usize = 1024;

/// The body of `bytes` of which `head` first and `tail` last ones may be shown.
pub fn captured(bytes: &[u8], head: usize, tail: usize) -> Body {
    let size = bytes.len() as u64;
    if bytes.len() <= head + tail {
        return Body { size, head: bytes.to_vec(), ..Body::default() };
    }
    let end = (head + MARGIN).min(bytes.len());
    let start = bytes.len().saturating_sub(tail + MARGIN).max(end);
    Body {
        size,
        head: bytes[..end].to_vec(),
        tail: bytes[start..].to_vec(),
        head_limit: u32::try_from(head).ok(),
        tail_limit: u32::try_from(tail).ok(),
        treated: None,
    }
}

/// What is stored of a body.
pub fn treated(body: Body, content_type: &str, treatment: &Treatment) -> Body {
    let message = Message { body: Some(body), content_type: content_type.to_owned(), ..Message::default() };
    let mut event = Event {
        schema: SCHEMA,
        treatment: treatment.to_bytes(),
        kind: Some(Kind::Exchange(Exchange { response: Some(message), ..Exchange::default() })),
        ..Event::default()
    };
    TREATMENTS.with_borrow_mut(|treatments| treatments.treat(&mut event));
    let Some(Kind::Exchange(exchange)) = event.kind else { panic!("an exchange stays one") };
    exchange.response.and_then(|message| message.body).unwrap_or_default()
}

/// JSON is JSON, and no more is kept than there was.
pub fn check(body: &Body) {
    let Some(treated) = &body.treated else { return };
    assert_ne!(treated.withheld, "redaction failed");
    assert!(treated.kept <= body.size);
    if treated.json {
        let json = serde_json::from_slice::<serde_json::Value>(&body.head);
        assert!(json.is_ok(), "{json:?}: {}", String::from_utf8_lossy(&body.head));
    }
}
