//! Messages, bodies and what a model did, from their JSON.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use offpath_core::event::{Body, Cost, Error, Generation, Header, Message, Tokens, Treated};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::text;

#[derive(Debug, Deserialize)]
pub(super) struct MessageJson {
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    chunks: u64,
    #[serde(default)]
    body: BodyJson,
}

impl MessageJson {
    pub(super) fn message(self) -> Message {
        let headers = self.headers.into_iter().map(|(name, value)| Header { name, value });
        let body = self.body.body();
        Message {
            headers: headers.collect(),
            chunks: self.chunks,
            body: (body != Body::default()).then_some(body),
            ..Message::default()
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BodyJson {
    size: u64,
    kept: Option<u64>,
    head: String,
    tail: String,
    encoding: String,
    masked: u64,
    cut: u64,
    json: bool,
    content_type: Option<String>,
    digest: Option<String>,
    decoded: Option<String>,
    withheld: Option<String>,
}

impl BodyJson {
    pub(super) fn body(self) -> Body {
        let bytes = |text: String| match self.encoding.as_str() {
            "base64" => STANDARD.decode(text.as_bytes()).unwrap_or_default(),
            _ => text.into_bytes(),
        };
        let (head, tail) = (bytes(self.head), bytes(self.tail));
        let held = (head.len() as u64).saturating_add(tail.len() as u64);
        let untreated = Treated { kept: held, ..Treated::default() };
        let treated = Treated {
            kept: self.kept.unwrap_or(held),
            masked: self.masked,
            cut: self.cut,
            json: self.json,
            content_type: text(self.content_type),
            digest: text(self.digest),
            decoded: text(self.decoded),
            withheld: text(self.withheld),
        };
        let treated = (treated != untreated).then_some(treated);
        Body { size: self.size, head, tail, treated, ..Body::default() }
    }
}

/// A body that may be another thing.
pub(super) fn body(json: Option<&RawValue>) -> Option<Body> {
    serde_json::from_str::<Option<BodyJson>>(json?.get()).ok()?.map(BodyJson::body)
}

#[derive(Debug, Deserialize)]
pub(super) struct ErrorJson {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    message: String,
}

impl ErrorJson {
    pub(super) fn error(self) -> Error {
        Error { r#type: self.r#type, message: self.message }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LlmJson {
    system: Option<String>,
    operation: Option<String>,
    request_model: Option<String>,
    response_model: Option<String>,
    response_id: Option<String>,
    stream: bool,
    parameters: Option<Box<RawValue>>,
    input: Option<Box<RawValue>>,
    output: Option<Box<RawValue>>,
    usage: BTreeMap<String, u64>,
    /// As they are written: reading a number may change its last digit.
    cost: BTreeMap<String, Box<RawValue>>,
    cost_usd: Option<Box<RawValue>>,
    estimated: bool,
    first_token_ns: Option<u64>,
    finish_reasons: Vec<String>,
    partial: bool,
    error_kind: Option<String>,
    prompt_name: Option<String>,
    prompt_version: Option<u32>,
}

impl LlmJson {
    pub(super) fn generation(self) -> Generation {
        let usd = |number: &RawValue| number.get().parse::<f64>().ok();
        let mut cost: Vec<Cost> = Vec::new();
        for (kind, number) in self.cost {
            cost.extend(usd(&number).map(|usd| Cost { kind, usd }));
        }
        if cost.is_empty() {
            let total = self.cost_usd.as_deref().and_then(usd);
            cost.extend(total.map(|usd| Cost { kind: "total".to_owned(), usd }));
        }
        Generation {
            system: text(self.system),
            operation: text(self.operation),
            request_model: text(self.request_model),
            response_model: text(self.response_model),
            response_id: text(self.response_id),
            stream: self.stream,
            parameters: json(self.parameters),
            input: json(self.input),
            output: json(self.output),
            usage: self.usage.into_iter().map(|(kind, count)| Tokens { kind, count }).collect(),
            cost,
            first_token_ns: self.first_token_ns,
            finish_reasons: self.finish_reasons,
            partial: self.partial,
            prompt_name: text(self.prompt_name),
            prompt_version: self.prompt_version.unwrap_or(0),
            error_kind: text(self.error_kind),
            estimated: self.estimated,
        }
    }
}

fn json(value: Option<Box<RawValue>>) -> String {
    value.map(|value| value.get().to_owned()).unwrap_or_default()
}
