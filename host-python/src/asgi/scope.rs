//! The connection scope as the head of a request.

use super::message::{get, push_headers, push_text, utf8, with_bytes};
use crate::texts::Texts;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use pyo3::{
    intern,
    prelude::*,
    types::{PyBytes, PyDict, PyString},
};

/// What a path cannot hold as it is (RFC 3986, section 3.3).
const NOT_IN_PATHS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// The texts of the WIT call `begin`.
pub(crate) fn request_head(scope: &Bound<'_, PyDict>, websocket: bool) -> Texts {
    let py = scope.py();
    let mut texts = Texts::with_capacity(1024);
    if websocket {
        texts.push(b"GET");
    } else {
        push_text(&mut texts, scope, intern!(py, "method"));
    }
    push_scheme(&mut texts, scope, websocket);
    texts.push(authority(scope).unwrap_or_default().as_bytes());
    push_path(&mut texts, scope);
    push_text(&mut texts, scope, intern!(py, "query_string"));
    push_text(&mut texts, scope, intern!(py, "http_version"));
    push_client(&mut texts, scope);
    push_headers(&mut texts, scope);
    texts
}

/// The scheme is optional; a websocket's must begin with `ws`, by which the core knows it.
fn push_scheme(texts: &mut Texts, scope: &Bound<'_, PyDict>, websocket: bool) {
    let default: &[u8] = if websocket { b"ws" } else { b"http" };
    let fits = |scheme: &[u8]| scheme.starts_with(b"ws") == websocket && !scheme.is_empty();
    with_bytes(scope, intern!(scope.py(), "scheme"), |scheme| {
        texts.push(if fits(scheme) { scheme } else { default });
    });
}

/// `host:port` of the server, without a port that the scheme implies; for requests that have no `Host` header.
fn authority(scope: &Bound<'_, PyDict>) -> Option<String> {
    let server = get(scope, intern!(scope.py(), "server"))?;
    let host = server.get_item(0).ok()?.extract::<String>().ok()?;
    match server.get_item(1).ok()?.extract::<u16>() {
        Ok(80 | 443) | Err(_) => Some(host),
        Ok(port) => Some(format!("{host}:{port}")),
    }
}

/// The path as it was sent, where the server tells; else the decoded one, encoded again.
fn push_path(texts: &mut Texts, scope: &Bound<'_, PyDict>) {
    let py = scope.py();
    let raw = get(scope, intern!(py, "raw_path"));
    if let Some(raw) = raw.as_ref().and_then(|raw| raw.cast::<PyBytes>().ok()) {
        // Some servers leave the query on it.
        let path = raw.as_bytes().split(|byte| *byte == b'?').next();
        texts.push(path.unwrap_or_default());
        return;
    }
    let path = get(scope, intern!(py, "path"));
    let path = path.as_ref().and_then(|path| path.cast::<PyString>().ok());
    let path = path.map(|path| String::from_utf8_lossy(&utf8(path)).into_owned()).unwrap_or_default();
    texts.push(utf8_percent_encode(&path, NOT_IN_PATHS).to_string().as_bytes());
}

fn push_client(texts: &mut Texts, scope: &Bound<'_, PyDict>) {
    let client = get(scope, intern!(scope.py(), "client"));
    let host = client.and_then(|client| client.get_item(0).ok());
    match host.as_ref().and_then(|host| host.cast::<PyString>().ok()) {
        Some(host) => texts.push(&utf8(host)),
        None => texts.push(b""),
    }
}
