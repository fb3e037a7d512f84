//! Bodies as attributes have them: one text each.

use std::borrow::Cow;

use offpath_core::event::{Body, Treated};
use serde::de::IgnoredAny;

use crate::event_json;

/// The body as text, with a mark where bytes were left out; of what is no text, what is known of it. `None` if there is
/// none.
pub(super) fn text(body: &Body) -> Option<Cow<'_, str>> {
    let treated = body.treated.as_ref();
    if let Some(treated) = treated.filter(|treated| !treated.withheld.is_empty()) {
        return Some(format!("[{} bytes, withheld: {}]", body.size, treated.withheld).into());
    }
    if let Some(treated) = treated.filter(|treated| !treated.content_type.is_empty()) {
        return Some(summed_up(body, treated).into());
    }
    if body.head.is_empty() && body.tail.is_empty() {
        return (body.size > 0).then(|| format!("[{} bytes, not kept]", body.size).into());
    }
    let Some((head, tail)) = event_json::text(body) else {
        return Some(format!("[{} bytes that are no text]", body.size).into());
    };
    if body.omitted() > 0 && !treated.is_some_and(|treated| treated.json) {
        return Some(format!("{head}\n[{} bytes left out]\n{tail}", body.omitted()).into());
    }
    Some(if tail.is_empty() { head } else { (head.into_owned() + &tail).into() })
}

fn summed_up(body: &Body, treated: &Treated) -> String {
    let digest = if treated.digest.is_empty() { String::new() } else { format!(", {}", treated.digest) };
    format!("[{} bytes of {}{digest}]", body.size, treated.content_type)
}

/// What was kept of a body that is no text.
pub(super) fn binary(body: &Body) -> Option<Vec<u8>> {
    event_json::text(body).is_none().then(|| [body.head.as_slice(), &body.tail].concat())
}

/// Whether it is JSON to its end.
pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}
