//! HAR 1.2, as browsers and mitmproxy save it. <http://www.softwareishard.com/blog/har-12-spec/>
//!
//! What they save is as their users see it, not as it passed: bodies are decoded, of some only the size is there, of HTTP/2
//! the pseudo headers stand among the others. Whatever is missing is taken to be empty.

use std::time::UNIX_EPOCH;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use offpath_core::event::Outcome;
use serde::{Deserialize, Deserializer};

use super::recorded::{Part, Recorded, Side};

/// A whole file.
#[derive(Debug, Deserialize)]
pub(super) struct Har {
    log: Log,
}

#[derive(Debug, Deserialize)]
struct Log {
    #[serde(default, deserialize_with = "nothing")]
    entries: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default, deserialize_with = "nothing")]
    started_date_time: String,
    /// Milliseconds, as all times; -1 is unknown.
    time: Option<f64>,
    request: Request,
    #[serde(default, deserialize_with = "nothing")]
    response: Response,
    #[serde(default, deserialize_with = "nothing")]
    timings: Timings,
    #[serde(default, deserialize_with = "nothing", rename = "_webSocketMessages")]
    messages: Vec<Message>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(default, deserialize_with = "nothing")]
    method: String,
    url: String,
    #[serde(default, deserialize_with = "nothing")]
    http_version: String,
    #[serde(default, deserialize_with = "nothing")]
    headers: Vec<Pair>,
    post_data: Option<PostData>,
    body_size: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Response {
    status: Option<i64>,
    #[serde(deserialize_with = "nothing")]
    headers: Vec<Pair>,
    #[serde(deserialize_with = "nothing")]
    content: Content,
    #[serde(rename = "_error")]
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostData {
    #[serde(default, deserialize_with = "nothing")]
    mime_type: String,
    text: Option<String>,
    encoding: Option<String>,
    #[serde(default, deserialize_with = "nothing")]
    params: Vec<Param>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Param {
    name: String,
    value: Option<String>,
    file_name: Option<String>,
    content_type: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Content {
    size: Option<i64>,
    text: Option<String>,
    encoding: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Pair {
    name: String,
    #[serde(default, deserialize_with = "nothing")]
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Timings {
    receive: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Message {
    r#type: String,
    #[serde(default)]
    opcode: u32,
    #[serde(default)]
    data: String,
}

/// Some tools save `null` for what they do not know.
fn nothing<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(value: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}

impl Har {
    /// The exchanges, and how many entries are none: `data:` and `blob:` URLs, and those of extensions.
    pub(super) fn exchanges(self) -> (Vec<Recorded>, usize) {
        let all = self.log.entries.len();
        let exchanges: Vec<Recorded> = self.log.entries.into_iter().filter_map(Entry::exchange).collect();
        let others = all - exchanges.len();
        (exchanges, others)
    }

    /// Whether a body was compressed on its way.
    pub(super) fn has_decoded(&self) -> bool {
        let is_decoded = |entry: &Entry| {
            let response = &entry.response;
            response.content.text.is_some() && response.headers.iter().any(|pair| is_encoding(&pair.name))
        };
        self.log.entries.iter().any(is_decoded)
    }
}

fn is_encoding(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-encoding")
}

impl Entry {
    fn exchange(self) -> Option<Recorded> {
        let (scheme, authority, path, query) = parts(&self.request.url)?;
        let duration_ns = nanos(self.time).unwrap_or(0);
        let first_byte_ns = nanos(self.timings.receive).map(|receive| duration_ns.saturating_sub(receive));
        let status = self.response.status.and_then(|status| u16::try_from(status).ok());
        let status = status.filter(|status| *status >= 100);
        let is_cut_off = self.response.error.as_ref().is_some_and(|error| !error.is_empty());
        let mut recorded = Recorded {
            source: "har".to_owned(),
            start_unix_ns: unix_ns(&self.started_date_time).unwrap_or(0),
            duration_ns,
            first_byte_ns,
            method: self.request.method.clone(),
            authority: pseudo(&self.request.headers, ":authority").unwrap_or(authority).to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            http_version: version(&self.request.http_version).to_owned(),
            status,
            outcome: if is_cut_off || status.is_none() { Outcome::Reset } else { Outcome::Completed },
            scheme: scheme.to_ascii_lowercase(),
            ..Recorded::default()
        };
        if recorded.is_websocket() || !self.messages.is_empty() {
            recorded.scheme = scheme.to_ascii_lowercase().replace("http", "ws");
            recorded.websocket = Some((0, String::new()));
            // Some tools save 200 for every handshake that went well.
            recorded.status = recorded.status.map(|status| if status == 200 { 101 } else { status });
        }
        recorded.request = self.request.side();
        recorded.response = self.response.side();
        for message in self.messages {
            let side = if message.r#type == "send" { &mut recorded.request } else { &mut recorded.response };
            side.parts.push(Part::whole(message.bytes()));
        }
        Some(recorded)
    }
}

impl Request {
    fn side(self) -> Side {
        let headers = fields(self.headers);
        let size = self.body_size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        let body = self.post_data.and_then(PostData::bytes).map_or_else(|| Part::unknown(size), Part::whole);
        Side::new(headers, body)
    }
}

impl Response {
    /// The body is decoded already, so nothing is to look for an encoding that the headers still name.
    fn side(self) -> Side {
        let mut headers = fields(self.headers);
        let size = self.content.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        let body = match self.content.bytes() {
            Some(bytes) => {
                headers.retain(|header| !is_encoding(&header.0));
                Part::whole(bytes)
            }
            None => Part::unknown(size),
        };
        Side::new(headers, body)
    }
}

impl PostData {
    fn bytes(self) -> Option<Vec<u8>> {
        if let Some(text) = self.text.filter(|text| !text.is_empty()) {
            return Some(decoded(text, self.encoding.as_deref()));
        }
        let boundary = self.mime_type.split_once("boundary=").map(|(_, boundary)| boundary.trim_matches('"'));
        match boundary {
            _ if self.params.is_empty() => None,
            Some(boundary) => Some(multipart(&self.params, boundary)),
            None => {
                let pair = |param: &Param| format!("{}={}", param.name, param.value.as_deref().unwrap_or(""));
                Some(self.params.iter().map(pair).collect::<Vec<_>>().join("&").into_bytes())
            }
        }
    }
}

/// A body of multipart/form-data (RFC 7578), of what is known of its parts.
fn multipart(params: &[Param], boundary: &str) -> Vec<u8> {
    let mut body = String::new();
    for param in params {
        let file = param.file_name.as_ref().map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
        let kind = param.content_type.as_ref().map(|kind| format!("Content-Type: {kind}\r\n"));
        body.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"{file}\r\n{}\r\n{}\r\n",
            param.name,
            kind.unwrap_or_default(),
            param.value.as_deref().unwrap_or_default(),
        ));
    }
    format!("{body}--{boundary}--\r\n").into_bytes()
}

impl Content {
    fn bytes(self) -> Option<Vec<u8>> {
        self.text.map(|text| decoded(text, self.encoding.as_deref()))
    }
}

impl Message {
    /// Opcode 2 is a binary message (RFC 6455, section 5.2), which browsers save in base64.
    fn bytes(self) -> Vec<u8> {
        let encoding = (self.opcode == 2).then_some("base64");
        decoded(self.data, encoding)
    }
}

/// What claims to be base64 and is not stays as it is.
fn decoded(text: String, encoding: Option<&str>) -> Vec<u8> {
    let is_base64 = encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case("base64"));
    let bytes = is_base64.then(|| STANDARD.decode(text.as_bytes()).ok()).flatten();
    bytes.unwrap_or_else(|| text.into_bytes())
}

/// Scheme, authority, path and query of an absolute URL of HTTP or a websocket (RFC 3986, section 3).
fn parts(url: &str) -> Option<(&str, &str, &str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let known = ["http", "https", "ws", "wss"];
    known.iter().find(|known| scheme.eq_ignore_ascii_case(known))?;
    let rest = rest.split('#').next().unwrap_or(rest);
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // A user and a password go to no server.
    let authority = authority.rsplit('@').next().unwrap_or(authority);
    Some((scheme, authority, if path.is_empty() { "/" } else { path }, query))
}

/// Those of the wire: a pseudo header (RFC 9113, section 8.3) is none.
fn fields(pairs: Vec<Pair>) -> Vec<(String, String)> {
    let fields = pairs.into_iter().filter(|pair| !pair.name.starts_with(':'));
    fields.map(|pair| (pair.name, pair.value)).collect()
}

fn pseudo<'p>(pairs: &'p [Pair], name: &str) -> Option<&'p str> {
    pairs.iter().find(|pair| pair.name == name).map(|pair| pair.value.as_str())
}

/// `1.1` of `HTTP/1.1` and `http/1.1`, `2` of `HTTP/2.0` and `h2`.
fn version(text: &str) -> &str {
    match text.to_ascii_lowercase().as_str() {
        "http/1.0" => "1.0",
        "http/1.1" => "1.1",
        "http/2" | "http/2.0" | "h2" => "2",
        "http/3" | "http/3.0" | "h3" => "3",
        _ => "",
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it saturates, and is not negative"
)]
fn nanos(milliseconds: Option<f64>) -> Option<u64> {
    milliseconds.filter(|time| *time >= 0.0).map(|time| (time * 1e6) as u64)
}

/// A time of ISO 8601 with `Z` or an offset.
fn unix_ns(text: &str) -> Option<u64> {
    let (local, offset_minutes) = match text.strip_suffix(['Z', 'z']) {
        Some(local) => (local, 0),
        None => {
            let (local, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
            let (hours, minutes) = offset.get(1..)?.split_once(':')?;
            let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
            (local, if offset.starts_with('-') { -minutes } else { minutes })
        }
    };
    let local = humantime::parse_rfc3339(&format!("{local}Z")).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let utc = i128::try_from(local.as_nanos()).ok()? - i128::from(offset_minutes) * 60_000_000_000;
    u64::try_from(utc).ok()
}

#[cfg(test)]
mod tests;
