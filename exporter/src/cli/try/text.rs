//! An exchange as text that is much like HTTP, one line for each thing that may be kept or not.

use offpath_core::event::{Body, Exchange, Message};

use super::{
    layout,
    recorded::{Part, Recorded, Side},
};
use crate::event_json::{self, without_cut_end, without_cut_start};

/// Request and response, each as lines.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) request: Vec<String>,
    pub(super) response: Vec<String>,
}

/// The exchange as it came.
pub(super) fn before(recorded: &Recorded) -> Text {
    let mut request = vec![format!("{} {}", recorded.method, recorded.url())];
    side(&recorded.request, &mut request);
    let mut response = vec![status(recorded.status.map(u32::from), recorded.outcome.name())];
    response.extend(recorded.error.iter().map(|(class, message)| format!("error: {class}: {message}")));
    side(&recorded.response, &mut response);
    Text { request, response }
}

/// The exchange as it would be stored.
pub(super) fn after(exchange: &Exchange) -> Text {
    let query = if exchange.query.is_empty() { String::new() } else { format!("?{}", exchange.query) };
    let url = format!("{}://{}{}{query}", exchange.scheme, exchange.host, exchange.path);
    let mut request = vec![format!("{} {url}", exchange.method)];
    message(exchange.request.as_ref(), &mut request);
    let kept = (exchange.status != 0).then_some(exchange.status);
    let mut response = vec![status(kept, event_json::outcome(exchange))];
    response.extend(exchange.error.iter().map(|error| format!("error: {}: {}", error.r#type, error.message)));
    message(exchange.response.as_ref(), &mut response);
    Text { request, response }
}

fn status(status: Option<u32>, outcome: &str) -> String {
    let status = status.map_or("no response".to_owned(), |status| format!("status {status}"));
    if outcome == "completed" { status } else { format!("{status} ({outcome})") }
}

/// The host stands in the URL.
fn side(side: &Side, lines: &mut Vec<String>) {
    let fields = side.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host"));
    lines.extend(fields.map(|(name, value)| format!("{}: {value}", name.to_ascii_lowercase())));
    let kind = side.header("content-type").unwrap_or_default();
    for part in &side.parts {
        lines.push(String::new());
        lines.extend(part_lines(part, kind));
    }
}

fn part_lines(part: &Part, kind: &str) -> Vec<String> {
    content(&part.head, part.missing, &part.tail, kind)
}

fn message(message: Option<&Message>, lines: &mut Vec<String>) {
    let Some(message) = message else { return };
    lines.extend(message.headers.iter().map(|header| format!("{}: {}", header.name, header.value)));
    let kind = message.headers.iter().find(|header| header.name == "content-type");
    let kind = kind.map_or(message.content_type.as_str(), |header| header.value.as_str());
    if let Some(body) = message.body.as_ref().filter(|body| body.size > 0) {
        lines.push(String::new());
        lines.extend(body_lines(body, kind));
    }
}

fn body_lines(body: &Body, kind: &str) -> Vec<String> {
    let Some(treated) = &body.treated else { return content(&body.head, body.omitted(), &body.tail, kind) };
    if !treated.withheld.is_empty() {
        return vec![format!("… {} bytes withheld: {} …", grouped(body.size), treated.withheld)];
    }
    if !treated.content_type.is_empty() && body.head.is_empty() {
        return vec![summary(&treated.content_type, body.size, &treated.digest)];
    }
    if !treated.json {
        return content(&body.head, body.omitted(), &body.tail, kind);
    }
    // JSON says in its place what was left out.
    let mut all = content(&body.head, 0, &[], kind);
    if let Some(end) = without_cut_start(&body.tail).filter(|end| !end.is_empty()) {
        all.push("… and its end …".to_owned());
        all.extend(layout::to_end(end));
    }
    all
}

fn summary(kind: &str, size: u64, digest: &str) -> String {
    let kind = if kind.is_empty() { "binary" } else { kind };
    let digest = if digest.is_empty() { String::new() } else { format!(", {digest}") };
    format!("… {kind}, {} bytes{digest} …", grouped(size))
}

/// Lines of a body of which `omitted` bytes are not there.
fn content(head: &[u8], omitted: u64, tail: &[u8], kind: &str) -> Vec<String> {
    let size = (head.len() as u64).saturating_add(omitted).saturating_add(tail.len() as u64);
    if omitted == 0 {
        let whole = [head, tail].concat();
        return String::from_utf8(whole)
            .map_or_else(|_| vec![summary(kind, size, "")], |text| lines(&text, kind));
    }
    let (Some(start), Some(end)) = (without_cut_end(head), without_cut_start(tail)) else {
        return vec![summary(kind, size, "")];
    };
    let mut all = lines(start, kind);
    all.push(format!("… {} bytes left out …", grouped(omitted)));
    all.extend(if layout::is_json(start) { layout::to_end(end) } else { lines(end, kind) });
    all
}

fn lines(text: &str, kind: &str) -> Vec<String> {
    if layout::is_json(text) {
        layout::from_start(text)
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        text.split_inclusive('&').map(str::to_owned).collect()
    } else {
        text.lines().map(str::to_owned).collect()
    }
}

/// The text with its middle left out; `None` if it is not longer than so many characters.
pub(super) fn middle_out(text: &str, longest: usize) -> Option<String> {
    let count = text.chars().count();
    let half = longest / 2;
    let end = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(offset, _)| offset);
    (count > longest).then(|| {
        let left_out = grouped((count - 2 * half) as u64);
        format!("{}⋯{left_out}⋯{}", &text[..end(half)], &text[end(count - half)..])
    })
}

/// `51,234`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
