//! An exchange, by OpenTelemetry's names for HTTP, which are stable but for the bodies'.
//! Source: <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>.

use std::borrow::Cow;

use offpath_core::event::{Error, Event, Exchange, Header, Level, Message, Outcome, Proxy};

use super::{attributes::Attributes, content};
use crate::event_json;

/// Those that span names and metrics may have. Any other is `_OTHER`.
const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"];

/// Whether it was seen by who asked, not by who was asked.
pub(super) fn is_client(event: &Event) -> bool {
    matches!(event.source.as_str(), "httpx" | "aiohttp")
}

/// Method and route, or the method alone: a path would give each request a name of its own. What an app asks of a model is
/// named as the conventions for generative AI have it, by operation and model: all of it goes to one method and host.
pub(super) fn span_name(event: &Event, exchange: &Exchange) -> String {
    if let Some(generation) = exchange.generation.as_ref().filter(|_| is_client(event))
        && !generation.operation.is_empty()
    {
        let space = if generation.request_model.is_empty() { "" } else { " " };
        return format!("{}{space}{}", generation.operation, generation.request_model);
    }
    let method = if is_known(&exchange.method) { exchange.method.as_str() } else { "HTTP" };
    if exchange.route.is_empty() { method.to_owned() } else { format!("{method} {}", exchange.route) }
}

fn is_known(method: &str) -> bool {
    METHODS.contains(&method)
}

pub(super) fn add(attributes: &mut Attributes, event: &Event, exchange: &Exchange) {
    add_method(attributes, &exchange.method);
    attributes.text("url.scheme", exchange.scheme.as_str());
    if is_client(event) {
        attributes.text("url.full", full_url(exchange));
    } else {
        attributes.text("url.path", exchange.path.as_str());
        attributes.text("url.query", exchange.query.as_str());
    }
    add_server(attributes, exchange, is_client(event));
    attributes.text("http.route", exchange.route.as_str());
    attributes.text("client.address", exchange.client.as_str());
    attributes.text("network.protocol.version", exchange.http_version.as_str());
    if exchange.status != 0 {
        attributes.int("http.response.status_code", exchange.status.into());
    }
    if let Some(request) = &exchange.request {
        add_message(attributes, request, &REQUEST);
        attributes.text("user_agent.original", first(&request.headers, "user-agent"));
    }
    if let Some(response) = &exchange.response {
        add_message(attributes, response, &RESPONSE);
    }
    add_own(attributes, exchange);
}

fn add_method(attributes: &mut Attributes, method: &str) {
    if is_known(method) {
        attributes.text("http.request.method", method);
    } else {
        attributes.text("http.request.method", "_OTHER");
        attributes.text("http.request.method_original", method);
    }
}

fn full_url(exchange: &Exchange) -> String {
    let question_mark = if exchange.query.is_empty() { "" } else { "?" };
    format!("{}://{}{}{question_mark}{}", exchange.scheme, exchange.host, exchange.path, exchange.query)
}

/// Of a client, the port is needed even where the scheme says it.
fn add_server(attributes: &mut Attributes, exchange: &Exchange, is_client: bool) {
    let (address, port) = address_and_port(&exchange.host);
    attributes.text("server.address", address);
    let usual = match exchange.scheme.as_str() {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    };
    if let Some(port) = port.or(usual.filter(|_| is_client && !address.is_empty())) {
        attributes.int("server.port", port.into());
    }
}

/// Of an authority of RFC 3986, section 3.2: `host`, `host:port` or `[address]:port`.
fn address_and_port(authority: &str) -> (&str, Option<u16>) {
    let whole = (authority, None);
    let Some((address, port)) = authority.rsplit_once(':') else { return whole };
    let is_split = !address.contains(':') || (address.starts_with('[') && address.ends_with(']'));
    match port.parse() {
        Ok(port) if is_split => (address, Some(port)),
        _ => whole,
    }
}

/// The names of one direction.
struct Direction {
    size: &'static str,
    header: &'static str,
    content: &'static str,
    omitted: &'static str,
}

const REQUEST: Direction = Direction {
    size: "http.request.body.size",
    header: "http.request.header.",
    content: "http.request.body.content",
    omitted: "offpath.request.body.omitted",
};
const RESPONSE: Direction = Direction {
    size: "http.response.body.size",
    header: "http.response.header.",
    content: "http.response.body.content",
    omitted: "offpath.response.body.omitted",
};

fn add_message(attributes: &mut Attributes, message: &Message, names: &Direction) {
    let body = message.body.as_ref();
    attributes.int(names.size, body.map_or(0, |body| body.size));
    if let Some(omitted) = body.map(offpath_core::event::Body::omitted).filter(|omitted| *omitted > 0) {
        attributes.int(names.omitted, omitted);
    }
    for (place, header) in message.headers.iter().enumerate() {
        let before = &message.headers[..place];
        if before.iter().all(|earlier| earlier.name != header.name) {
            let same = message.headers[place..].iter().filter(|other| other.name == header.name);
            let name = [names.header, &header.name].concat();
            attributes.texts(name, same.map(|header| header.value.as_str()));
        }
    }
}

fn first<'a>(headers: &'a [Header], name: &str) -> &'a str {
    headers.iter().find(|header| header.name == name).map_or("", |header| &header.value)
}

/// What was said: text where it is text, else bytes.
pub(super) fn add_bodies(attributes: &mut Attributes, exchange: &Exchange) {
    for (message, names) in [(&exchange.request, REQUEST), (&exchange.response, RESPONSE)] {
        let Some(body) = message.as_ref().and_then(|message| message.body.as_ref()) else { continue };
        match content::binary(body) {
            Some(bytes) => attributes.bytes(names.content, bytes),
            None => attributes.text(names.content, content::text(body).unwrap_or_default()),
        }
    }
}

/// What the conventions have no names for.
fn add_own(attributes: &mut Attributes, exchange: &Exchange) {
    attributes.text("offpath.outcome", event_json::outcome(exchange));
    attributes.text("offpath.trace_name", exchange.trace_name.as_str());
    attributes.text("offpath.rule", exchange.rule.as_str());
    attributes.text("offpath.sampled_because", exchange.sampled_because.as_str());
    if let Some(first_byte_ns) = exchange.first_byte_ns {
        attributes.int("offpath.first_byte_ns", first_byte_ns);
    }
    if let Some(status) = exchange.grpc_status {
        attributes.int("offpath.grpc_status", status.into());
    }
    if let Some(websocket) = &exchange.websocket {
        attributes.flag("offpath.websocket.accepted", websocket.accepted);
        attributes.int("offpath.websocket.close_code", websocket.close_code.into());
        attributes.text("offpath.websocket.subprotocol", websocket.subprotocol.as_str());
    }
    if let Some(proxy) = &exchange.proxy {
        add_proxy(attributes, proxy);
    }
}

fn add_proxy(attributes: &mut Attributes, proxy: &Proxy) {
    attributes.text("offpath.proxy.upstream_cluster", proxy.upstream_cluster.as_str());
    attributes.text("offpath.proxy.upstream_host", proxy.upstream_host.as_str());
    attributes.int("offpath.proxy.attempts", proxy.attempts.into());
    attributes.texts("offpath.proxy.response_flags", proxy.response_flags.iter().map(String::as_str));
    attributes.text("offpath.proxy.response_code_details", proxy.response_code_details.as_str());
}

/// How an exchange ended.
#[derive(Debug)]
pub(super) struct Ending<'a> {
    /// `error.type`; `None` if nothing failed.
    pub(super) error_type: Option<Cow<'a, str>>,
    /// What is known beyond that.
    pub(super) message: &'a str,
    /// How grave it is.
    pub(super) level: Level,
}

/// A 4xx is an error to who asked. To who was asked it is not, and yet worth a look, with the words of the provider if it is
/// one of a model's.
pub(super) fn ending<'a>(event: &Event, exchange: &'a Exchange) -> Ending<'a> {
    let (error_type, message, level) = match (&exchange.error, Outcome::try_from(exchange.outcome)) {
        (Some(Error { message, .. }), Ok(Outcome::Completed)) if is_refusal(event, exchange) => {
            (None, message.as_str(), Level::Warning)
        }
        (Some(Error { r#type, message }), _) => {
            let error_type = if r#type.is_empty() { "_OTHER" } else { r#type };
            (Some(error_type.into()), message.as_str(), Level::Error)
        }
        (None, Ok(Outcome::ClientDisconnected)) => {
            (Some("client_disconnected".into()), "the client went away", Level::Warning)
        }
        (None, Ok(outcome @ (Outcome::AppError | Outcome::UpstreamError | Outcome::Reset))) => {
            (Some(outcome.name().into()), "", Level::Error)
        }
        _ if exchange.status >= 500 || (is_client(event) && exchange.status >= 400) => {
            (Some(exchange.status.to_string().into()), "", Level::Error)
        }
        _ if exchange.status >= 400 => (None, "", Level::Warning),
        _ => (None, "", Level::Default),
    };
    Ending { error_type, message, level }
}

/// Whether it was served, and its answer is a provider's error which says that the request is at fault, such as a rate limit.
fn is_refusal(event: &Event, exchange: &Exchange) -> bool {
    let is_of_provider = exchange.generation.as_ref().is_some_and(|told| !told.error_kind.is_empty());
    is_of_provider && !is_client(event) && (400..500).contains(&exchange.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_split_where_its_port_begins() {
        for (authority, expected) in [
            ("api.example", ("api.example", None)),
            ("api.example:8443", ("api.example", Some(8443))),
            ("[::1]:80", ("[::1]", Some(80))),
            ("[::1]", ("[::1]", None)),
            ("::1", ("::1", None)),
            ("api.example:https", ("api.example:https", None)),
            ("api.example:99999", ("api.example:99999", None)),
            ("", ("", None)),
        ] {
            assert_eq!(address_and_port(authority), expected, "{authority}");
        }
    }
}
