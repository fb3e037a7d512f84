//! Which stream an event goes to, and what can be looked for in it beside the line.
//!
//! Each set of labels is a stream of its own, and Loki is made for few of them. So labels have few values; what has many is
//! structured metadata: <https://grafana.com/docs/loki/latest/get-started/labels/>.

use std::collections::BTreeMap;

use offpath_core::event::{Event, Exchange, Kind, Level, Outcome, Span};

use super::push::Pair;
use crate::event_json;

/// Sources that have a label of their own; a producer may write anything there.
const SOURCES: [&str; 6] = ["asgi", "envoy", "httpx", "aiohttp", "sdk", "otel"];

/// Bytes of a label's value, and of one in the structured metadata, which Loki limits to 64 KB for a line.
const LONGEST: usize = 1024;

/// The labels of an event's stream as Loki reads them: names in order, and values quoted as in Go.
pub(super) fn labels(event: &Event, fixed: &BTreeMap<String, String>) -> String {
    let source = if SOURCES.contains(&event.source.as_str()) { &event.source } else { "other" };
    let mut labels: BTreeMap<&str, &str> =
        fixed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    labels.extend([
        ("deployment_environment", cut(&event.environment)),
        ("kind", event_json::kind(event)),
        ("level", level(event)),
        ("service_name", cut(&event.service)),
        ("source", if event.source.is_empty() { "" } else { source }),
    ]);
    let known = labels.into_iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = known.map(|(name, value)| format!("{name}={}", quoted(value))).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// How grave it is, in the words that Grafana has colours for.
fn level(event: &Event) -> &'static str {
    match &event.kind {
        Some(Kind::Exchange(exchange)) => level_of_exchange(exchange),
        Some(Kind::Span(span)) => level_of_span(span),
        Some(Kind::Loss(_)) => "warn",
        Some(Kind::Score(_) | Kind::Unsampled(_)) | None => "info",
    }
}

fn level_of_exchange(exchange: &Exchange) -> &'static str {
    match Outcome::try_from(exchange.outcome) {
        Ok(Outcome::AppError | Outcome::UpstreamError) => "error",
        _ if exchange.status >= 500 => "error",
        Ok(Outcome::Completed) if exchange.status < 400 => "info",
        _ => "warn",
    }
}

fn level_of_span(span: &Span) -> &'static str {
    match Level::try_from(span.level) {
        Ok(Level::Error) => "error",
        _ if span.error.is_some() => "error",
        Ok(Level::Warning) => "warn",
        Ok(Level::Debug) => "debug",
        Ok(Level::Default) | Err(_) => "info",
    }
}

/// What is asked for and has many values.
pub(super) fn metadata(event: &Event, is_shortened: bool) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            pairs.push(Pair { name: name.to_owned(), value: cut(value).to_owned() });
        }
    };
    add("trace_id", &event_json::id(event.trace_id()));
    add("span_id", &format!("{:016x}", event.span_id));
    add("duration_ms", &(event.duration_ns / 1_000_000).to_string());
    add("user_id", &event.user_id);
    add("session_id", &event.session_id);
    add("release", &event.release);
    let generation = match &event.kind {
        Some(Kind::Exchange(exchange)) => {
            add("method", &exchange.method);
            add("route", &exchange.route);
            add("rule", &exchange.rule);
            add("outcome", event_json::outcome(exchange));
            if exchange.status > 0 {
                add("status", &exchange.status.to_string());
            }
            exchange.generation.as_ref()
        }
        Some(Kind::Span(span)) => {
            add("name", &span.name);
            span.generation.as_ref()
        }
        Some(Kind::Score(score)) => {
            add("name", &score.name);
            None
        }
        Some(Kind::Loss(loss)) => {
            add("reason", &loss.reason);
            None
        }
        Some(Kind::Unsampled(_)) | None => None,
    };
    if let Some(generation) = generation {
        add("model", generation.model());
        add("operation", &generation.operation);
    }
    if is_shortened {
        add("shortened", "true");
    }
    pairs
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

/// As Go's `strconv.Unquote` reads it.
fn quoted(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_quoted_as_in_go() {
        assert_eq!(quoted("a\"b\\c\nd€"), "\"a\\\"b\\\\c\\u000ad€\"");
    }
}
