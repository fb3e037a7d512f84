//! What is said of an exchange that ends: the texts of the WIT call `finish`.

use super::{identity, route::Routed};
use crate::{shared::Asked, texts::Texts};
use pyo3::prelude::*;

/// Texts before those that the configuration asks for: route, subprotocol, class and message of an error, and the HTTP
/// version, which is known from the beginning.
const ALWAYS: usize = 5;

/// The texts. `error` adds class and message of what was raised, if anything was. To be called with no lock held.
pub(crate) fn texts(
    py: Python<'_>,
    routed: Option<&Routed>,
    subprotocol: &[u8],
    error: impl FnOnce(&mut Texts),
    asked: Option<&Asked>,
) -> Texts {
    let mut texts = Texts::with_capacity(64);
    texts.push(routed.map(|routed| routed.template(py)).unwrap_or_default().as_bytes());
    texts.push(subprotocol);
    error(&mut texts);
    if let (Some(asked), Some(routed)) = (asked, routed) {
        texts.pad(ALWAYS);
        for field in asked.iter() {
            texts.push(identity::look_up(routed.scope(py), field).unwrap_or_default().as_bytes());
        }
    }
    texts
}
