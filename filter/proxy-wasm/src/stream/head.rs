//! The head of a request, as the core wants it.

use super::Content;
use crate::abi::Pairs;
use offpath_core::RequestHead;

/// A request's head in its parts.
#[derive(Debug)]
pub(super) struct RequestParts<'a> {
    method: &'a [u8],
    scheme: &'a [u8],
    authority: &'a [u8],
    target: &'a [u8],
}

impl<'a> RequestParts<'a> {
    pub(super) fn read(pairs: &'a Pairs) -> Self {
        let (mut method, mut scheme, mut authority, mut target) = Default::default();
        let mut upgrade: &[u8] = b"";
        for (name, value) in pairs.iter() {
            match name {
                b":method" => method = value,
                b":scheme" => scheme = value,
                b":authority" => authority = value,
                b":path" => target = value,
                b"upgrade" => upgrade = value,
                _ => {}
            }
        }
        // Envoy makes the CONNECT of RFC 8441 a GET with an `upgrade`, so that all websockets look like those of HTTP/1.1.
        if upgrade.eq_ignore_ascii_case(b"websocket") {
            scheme = if scheme == b"https" { b"wss" } else { b"ws" };
        }
        Self { method, scheme, authority, target }
    }

    /// What the request asks for; the response may have it otherwise.
    pub(super) fn content(&self) -> Content {
        if self.scheme.starts_with(b"ws") {
            Content::WebSocket
        } else if self.method == b"CONNECT" {
            Content::Opaque
        } else {
            Content::Body
        }
    }

    pub(super) fn head(&self) -> RequestHead<'_> {
        let (path, query) = path_and_query(self.target);
        RequestHead {
            method: self.method,
            scheme: self.scheme,
            authority: self.authority,
            path,
            query,
            ..RequestHead::default()
        }
    }
}

/// The fields of a head, without those that HTTP/2 made of the request line.
pub(super) fn fields(pairs: &Pairs) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
    pairs.iter().filter(|(name, _)| !name.starts_with(b":"))
}

fn path_and_query(target: &[u8]) -> (&[u8], &[u8]) {
    let mut parts = target.splitn(2, |byte| *byte == b'?');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// The version in `HTTP/1.1`.
pub(super) fn version(protocol: &[u8]) -> &[u8] {
    protocol.strip_prefix(b"HTTP/").unwrap_or_default()
}

/// The address in `10.0.0.7:4711` or `[::1]:4711`; that of a Unix socket as it is.
pub(super) fn without_port(address: &[u8]) -> &[u8] {
    let Some(colon) = address.iter().rposition(|byte| *byte == b':') else { return address };
    let host = address.get(..colon).unwrap_or_default();
    host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_parted_at_its_first_question_mark() {
        for (target, path, query) in
            [("/a?b=c?d", "/a", "b=c?d"), ("/a", "/a", ""), ("/a?", "/a", ""), ("", "", ""), ("*", "*", "")]
        {
            assert_eq!(path_and_query(target.as_bytes()), (path.as_bytes(), query.as_bytes()), "{target}");
        }
    }

    #[test]
    fn an_address_loses_its_port() {
        for (address, host) in
            [("10.0.0.7:4711", "10.0.0.7"), ("[::1]:4711", "::1"), ("/run/x.sock", "/run/x.sock"), ("", "")]
        {
            assert_eq!(without_port(address.as_bytes()), host.as_bytes(), "{address}");
        }
    }
}
