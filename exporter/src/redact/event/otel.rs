//! Each text of a span of OpenTelemetry: of attributes, however deep, and of what stands beside them.
//!
//! A text that is JSON is treated as JSON bodies are. A value whose name, or a part of whose name, is a secret key is masked as
//! a whole, as in JSON that a name like `headers.authorization` was made of.

use std::borrow::Cow;

use offpath_core::{
    event::{Body, OtelSpan},
    mask::REDACTED,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};

use super::{
    parts::Searched,
    redact_told,
    texts::{Parts, Text},
};
use crate::{
    otel::{LANGFUSE_SDK, PUBLIC_KEY, Whole},
    redact::{Done, Redactor, body, json},
};

/// Attributes whose values are URLs, or the end of one from the path on.
const URLS: [&str; 4] = ["url.full", "http.url", "http.target", "url.original"];
/// Those that are queries.
const QUERIES: [&str; 2] = ["url.query", "http.query"];

/// Fewer digits than these are no number of a card, a telephone or an account.
const FEWEST_DIGITS: f64 = 1e6;

/// Treats all of it.
pub(super) fn redact(
    otel: &mut OtelSpan,
    whole: &mut Whole,
    redactor: &Redactor,
    searched: &mut Searched<'_>,
    done: &mut Done,
) {
    let mut texts = Texts { redactor, searched, done };
    for text in [&mut otel.input_key, &mut otel.output_key] {
        texts.plain(text);
    }
    for text in [&mut otel.resource_schema_url, &mut otel.scope_schema_url] {
        texts.plain(text);
    }
    let Whole { resource, scope, span } = whole;
    texts.attributes(&mut resource.attributes);
    for entity in &mut resource.entity_refs {
        texts.plain(&mut entity.schema_url);
        texts.plain(&mut entity.r#type);
        entity.id_keys.iter_mut().chain(&mut entity.description_keys).for_each(|key| texts.plain(key));
    }
    texts.plain(&mut scope.name);
    texts.plain(&mut scope.version);
    let project = if scope.name == LANGFUSE_SDK { project(&mut scope.attributes) } else { None };
    texts.attributes(&mut scope.attributes);
    scope.attributes.extend(project);
    texts.plain(&mut span.trace_state);
    texts.attributes(&mut span.attributes);
    for event in &mut span.events {
        texts.plain(&mut event.name);
        texts.attributes(&mut event.attributes);
    }
    for link in &mut span.links {
        texts.plain(&mut link.trace_state);
        texts.attributes(&mut link.attributes);
    }
    if let Some(status) = &mut span.status {
        texts.plain(&mut status.message);
    }
}

/// Takes out which project of Langfuse it is for: a public key looks like a key of a provider, is none that is secret, and says
/// where the span goes.
fn project(attributes: &mut Vec<KeyValue>) -> Option<KeyValue> {
    const LONGEST: usize = 128;
    let is_key = |text: &str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        text.starts_with("pk-") && text.len() <= LONGEST && text.bytes().all(allowed)
    };
    let is_project = |pair: &KeyValue| {
        let value = pair.value.as_ref().and_then(|any| any.value.as_ref());
        pair.key == PUBLIC_KEY && matches!(value, Some(Value::StringValue(text)) if is_key(text))
    };
    let at = attributes.iter().position(is_project)?;
    Some(attributes.remove(at))
}

/// What is done to texts, one after the other.
struct Texts<'a, 'r> {
    redactor: &'a Redactor,
    searched: &'a mut Searched<'r>,
    done: &'a mut Done,
}

impl Texts<'_, '_> {
    fn attributes(&mut self, attributes: &mut Vec<KeyValue>) {
        attributes.retain_mut(|pair| self.pair(pair, false));
    }

    /// Returns whether it stays. `is_secret`: whether it is in what is secret.
    fn pair(&mut self, pair: &mut KeyValue, is_secret: bool) -> bool {
        let is_secret = is_secret || pair.key.split('.').any(|part| self.redactor.keys.has(part));
        if is_secret && self.redactor.mask.drops() {
            self.done.masked += 1;
            return false;
        }
        let Some(value) = pair.value.as_mut().and_then(|any| any.value.as_mut()) else {
            self.plain(&mut pair.key);
            return true;
        };
        match value {
            Value::StringValue(text) if !is_secret => {
                self.url(&pair.key, text);
                self.text(text);
            }
            value => self.value(value, is_secret),
        }
        self.plain(&mut pair.key);
        true
    }

    fn any(&mut self, any: &mut AnyValue, is_secret: bool) {
        if let Some(value) = &mut any.value {
            self.value(value, is_secret);
        }
    }

    fn value(&mut self, value: &mut Value, is_secret: bool) {
        match value {
            Value::ArrayValue(list) => list.values.iter_mut().for_each(|any| self.any(any, is_secret)),
            Value::KvlistValue(list) => list.values.retain_mut(|pair| self.pair(pair, is_secret)),
            value if is_secret => self.mask(value),
            Value::StringValue(text) => self.text(text),
            Value::IntValue(number) =>
            {
                #[allow(clippy::cast_precision_loss, reason = "it is compared with a bound")]
                if (*number as f64).abs() >= FEWEST_DIGITS {
                    let text = number.to_string();
                    self.number(&text, value);
                }
            }
            Value::DoubleValue(number) => {
                if number.abs() >= FEWEST_DIGITS {
                    let text = number.to_string();
                    self.number(&text, value);
                }
            }
            Value::BytesValue(bytes) => {
                let bytes = std::mem::take(bytes);
                *value = self.bytes(bytes);
            }
            Value::BoolValue(_) | Value::StringValueStrindex(_) => {}
        }
    }

    /// Puts a mask in the place of a value that is no container.
    fn mask(&mut self, value: &mut Value) {
        let text: Cow<'_, [u8]> = match value {
            Value::StringValue(text) => text.as_bytes().into(),
            Value::BytesValue(bytes) => bytes.as_slice().into(),
            Value::IntValue(number) => number.to_string().into_bytes().into(),
            Value::DoubleValue(number) => number.to_string().into_bytes().into(),
            Value::BoolValue(flag) => flag.to_string().into_bytes().into(),
            _ => Cow::default(),
        };
        let mask = self.redactor.mask.of(&text, true).into_owned();
        // What was JSON stays JSON.
        let is_json = text.starts_with(b"\"");
        let mask = if is_json { serde_json::to_string(&mask).unwrap_or(mask) } else { mask };
        self.done.masked += 1;
        *value = Value::StringValue(mask);
    }

    /// A number stays one unless something is found in it.
    fn number(&mut self, text: &str, value: &mut Value) {
        let mut masked = text.to_owned();
        self.plain(&mut masked);
        if masked != text {
            *value = Value::StringValue(masked);
        }
    }

    /// Of a URL, or its query, what is masked in those of exchanges.
    fn url(&mut self, key: &str, text: &mut String) {
        let parameters = &self.redactor.parameters;
        let masked = if URLS.contains(&key) {
            parameters.redact_url(text.as_bytes())
        } else if QUERIES.contains(&key) {
            parameters.redact(text.as_bytes()).into_owned()
        } else {
            return;
        };
        if masked != text.as_bytes() {
            self.done.masked += 1;
            *text = String::from_utf8_lossy(&masked).into_owned();
        }
    }

    fn text(&mut self, text: &mut String) {
        if !json::may_be_json(text.as_bytes()) {
            return self.plain(text);
        }
        let head = std::mem::take(text).into_bytes();
        let mut body = Body { size: head.len() as u64, head, ..Body::default() };
        redact_told(&mut body, self.redactor, self.done);
        *text = String::from_utf8(body.head)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        if text.is_empty() {
            // It was withheld, or is no text.
            REDACTED.clone_into(text);
        }
    }

    /// As a body of no type: text, or summed up, or kept where the rules keep what is no text.
    fn bytes(&mut self, bytes: Vec<u8>) -> Value {
        let mut body = Body { size: bytes.len() as u64, head: bytes, ..Body::default() };
        if body.head.is_empty() {
            return Value::BytesValue(Vec::new());
        }
        let described = body::Described {
            content_type: "",
            content_encoding: "",
            is_request: false,
            websocket: false,
            arrived: &[],
        };
        body::treat(&mut body, &described, self.redactor);
        super::finish(&mut body, self.done);
        if body.head.is_empty() {
            return Value::StringValue(format!("[{} bytes, not kept]", body.size));
        }
        Value::BytesValue(body.head)
    }

    fn plain(&mut self, text: &mut String) {
        if !text.is_empty() {
            self.searched.redact(Text { text, parts: Parts::Whole, limit: usize::MAX });
        }
    }
}

#[cfg(test)]
mod tests;
