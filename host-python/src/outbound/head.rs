//! The head of a request that goes out, as the texts of the WIT call `begin`.

use crate::{asgi::message::utf8, texts::Texts};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyString},
};

/// What stands before the headers; bytes or text, as the client has it.
pub(crate) struct Head<'a, 'py> {
    pub(crate) method: &'a Bound<'py, PyAny>,
    pub(crate) scheme: &'a Bound<'py, PyAny>,
    /// Used where there is no `Host` header.
    pub(crate) authority: Option<&'a Bound<'py, PyAny>>,
    pub(crate) path: &'a [u8],
    pub(crate) query: &'a [u8],
}

impl Head<'_, '_> {
    /// The texts, to which the headers are to be added. Which HTTP version it will be, the answer tells.
    pub(crate) fn texts(&self) -> Texts {
        let mut texts = Texts::with_capacity(1024);
        push(&mut texts, self.method);
        push(&mut texts, self.scheme);
        match self.authority {
            Some(authority) => push(&mut texts, authority),
            None => texts.push(b""),
        }
        texts.push(self.path);
        texts.push(self.query);
        texts.push(b"");
        // The client is this process, which has no address that would say more than the service's name.
        texts.push(b"");
        texts
    }
}

/// Adds bytes, or a text's UTF-8; nothing of anything else.
pub(crate) fn push(texts: &mut Texts, value: &Bound<'_, PyAny>) {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        texts.push(bytes.as_bytes());
    } else if let Ok(text) = value.cast::<PyString>() {
        texts.push(&utf8(text));
    } else {
        texts.push(b"");
    }
}

/// Path and query of a target.
pub(crate) fn split(target: &[u8]) -> (&[u8], &[u8]) {
    let mut parts = target.splitn(2, |byte| *byte == b'?');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}
