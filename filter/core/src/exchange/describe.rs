//! What an event says of an exchange, beside its bodies: fields of `Exchange`, encoded as soon as they are known.

use super::{End, Exchange, Proxy, RequestHead, tag};
use crate::{config::Settings, event::Outcome, limits, wanted::Found, wire};

/// Longest of the short texts: method, host, route, an error's class.
pub(super) const MAX_NAME: usize = 512;
/// Status of an app that raised before it answered: what every server sends in its place.
const SERVER_ERROR: u16 = 500;
/// Status of a websocket's handshake that was accepted.
const SWITCHING_PROTOCOLS: u16 = 101;

/// Writes what is known when it begins.
pub(super) fn request<'a>(
    out: &mut Vec<u8>,
    head: &RequestHead<'_>,
    fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    settings: &Settings,
    found: &mut Found<'a>,
) {
    wire::text(out, tag::METHOD, head.method, MAX_NAME);
    wire::text(out, tag::SCHEME, head.scheme, MAX_NAME);
    wire::text(out, tag::PATH, head.path, limits::PATH + limits::MARGIN);
    wire::text(out, tag::QUERY, &settings.parameters.redact(head.query), limits::QUERY + limits::MARGIN);
    wire::text(out, tag::CLIENT, head.client, MAX_NAME);
    wire::text(out, tag::HTTP_VERSION, head.http_version, MAX_NAME);
    settings.headers.keep(fields, (&settings.parameters, &settings.mask), tag::REQUEST, found, out);
    wire::text(out, tag::HOST, found.host().unwrap_or(head.authority), MAX_NAME);
}

/// Writes the headers of the response. Returns whether its content is encoded.
pub(super) fn response<'a>(
    out: &mut Vec<u8>,
    fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    settings: &Settings,
) -> bool {
    let mut found = Found::default();
    settings.headers.keep(fields, (&settings.parameters, &settings.mask), tag::RESPONSE, &mut found, out);
    !found.content_encoding().is_empty()
}

/// The status that an exchange ended with; 0 if it had none.
pub(super) fn status(exchange: &Exchange, end: &End<'_>) -> u16 {
    let answered = if end.outcome == Outcome::AppError { SERVER_ERROR } else { 0 };
    exchange.status.unwrap_or(answered)
}

/// Writes how it ended, as far as metrics need it: the fields that `Unsampled` shares with `Exchange`.
pub(super) fn summary(exchange: &Exchange, end: &End<'_>, rule: &str, out: &mut Vec<u8>) {
    wire::number(out, tag::OUTCOME, u64::try_from(i32::from(end.outcome)).unwrap_or(0));
    wire::number(out, tag::STATUS, status(exchange, end).into());
    if let Some(elapsed) = exchange.first_byte_ns {
        wire::present_number(out, tag::FIRST_BYTE_NS, elapsed);
    }
    wire::text(out, tag::ROUTE, end.route, MAX_NAME);
    wire::bytes(out, tag::RULE, rule.as_bytes());
}

/// Writes what else is known when it has ended.
pub(super) fn ending(is_websocket: bool, status: u16, end: &End<'_>, out: &mut Vec<u8>) {
    if let Some((class, message)) = end.error {
        let most = limits::MESSAGE + limits::MARGIN;
        let mut error = Vec::with_capacity(class.len() + message.len().min(most) + 8);
        wire::text(&mut error, tag::ERROR_TYPE, class, MAX_NAME);
        wire::text(&mut error, tag::ERROR_MESSAGE, message, most);
        wire::head(out, tag::ERROR, error.len());
        out.extend_from_slice(&error);
    }
    if is_websocket {
        let (code, subprotocol) = end.websocket.unwrap_or_default();
        let mut websocket = Vec::new();
        wire::number(&mut websocket, tag::ACCEPTED, (status == SWITCHING_PROTOCOLS).into());
        wire::number(&mut websocket, tag::CLOSE_CODE, code.into());
        wire::text(&mut websocket, tag::SUBPROTOCOL, subprotocol, MAX_NAME);
        wire::head(out, tag::WEBSOCKET, websocket.len());
        out.extend_from_slice(&websocket);
    }
    if let Some(status) = end.grpc_status {
        wire::present_number(out, tag::GRPC_STATUS, status.into());
    }
    if let Some(proxy) = &end.proxy {
        of_proxy(proxy, out);
    }
}

fn of_proxy(proxy: &Proxy<'_>, out: &mut Vec<u8>) {
    let mut message = Vec::with_capacity(128);
    wire::text(&mut message, tag::UPSTREAM_CLUSTER, proxy.upstream_cluster, MAX_NAME);
    wire::text(&mut message, tag::UPSTREAM_HOST, proxy.upstream_host, MAX_NAME);
    wire::number(&mut message, tag::ATTEMPTS, proxy.attempts.into());
    for flag in proxy.response_flags {
        wire::bytes(&mut message, tag::RESPONSE_FLAGS, flag.as_bytes());
    }
    wire::text(&mut message, tag::RESPONSE_CODE_DETAILS, proxy.response_code_details, MAX_NAME);
    wire::head(out, tag::PROXY, message.len());
    out.extend_from_slice(&message);
}
