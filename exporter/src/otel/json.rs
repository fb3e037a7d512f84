//! Attributes as JSON, and back. Bytes become base64, and what no JSON has becomes `null`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value,
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// Levels of a value that are read back: more than Protocol Buffers are read with.
const DEEPEST: u32 = 40;

/// Attributes, as an object in their order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pairs<'a>(pub(crate) &'a [KeyValue]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|pair| (&pair.key, Any(pair.value.as_ref()))))
    }
}

/// A value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Any<'a>(pub(crate) Option<&'a AnyValue>);

impl Serialize for Any<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Of(self.0.and_then(|any| any.value.as_ref())).serialize(serializer)
    }
}

/// The same without its shell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Of<'a>(pub(crate) Option<&'a Value>);

impl Serialize for Of<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(Value::StringValue(text)) => serializer.serialize_str(text),
            Some(Value::BoolValue(flag)) => serializer.serialize_bool(*flag),
            Some(Value::IntValue(number)) => serializer.serialize_i64(*number),
            Some(Value::DoubleValue(number)) if number.is_finite() => serializer.serialize_f64(*number),
            Some(Value::ArrayValue(list)) => {
                serializer.collect_seq(list.values.iter().map(|any| Any(Some(any))))
            }
            Some(Value::KvlistValue(list)) => Pairs(&list.values).serialize(serializer),
            Some(Value::BytesValue(bytes)) => serializer.serialize_str(&STANDARD.encode(bytes)),
            Some(Value::DoubleValue(_) | Value::StringValueStrindex(_)) | None => serializer.serialize_unit(),
        }
    }
}

/// A text as it is, all else as JSON.
pub(crate) fn text_or_json(value: &Value) -> String {
    match value {
        Value::StringValue(text) => text.clone(),
        value => serde_json::to_string(&Of(Some(value))).unwrap_or_default(),
    }
}

/// Attributes of an object. What is none has none.
pub(crate) fn read_pairs(json: Option<&RawValue>) -> Vec<KeyValue> {
    json.map_or_else(Vec::new, |json| pairs(json, DEEPEST))
}

fn pairs(json: &RawValue, levels: u32) -> Vec<KeyValue> {
    let Ok(Members(members)) = serde_json::from_str(json.get()) else { return Vec::new() };
    let pair = |(key, value): (String, &RawValue)| KeyValue {
        key,
        value: Some(any(value, levels)),
        key_strindex: 0,
    };
    members.into_iter().map(pair).collect()
}

fn any(json: &RawValue, levels: u32) -> AnyValue {
    let text = json.get();
    let value = match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text).ok().map(Value::StringValue),
        Some(b't' | b'f') => serde_json::from_str(text).ok().map(Value::BoolValue),
        Some(b'[') if levels > 0 => {
            let items: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
            let values = items.into_iter().map(|item| any(item, levels - 1)).collect();
            Some(Value::ArrayValue(ArrayValue { values }))
        }
        Some(b'{') if levels > 0 => {
            Some(Value::KvlistValue(KeyValueList { values: pairs(json, levels - 1) }))
        }
        // By hand: serde_json may change a number's last digit.
        Some(b'-' | b'0'..=b'9') => {
            let whole = text.parse().ok().map(Value::IntValue);
            whole.or_else(|| text.parse().ok().map(Value::DoubleValue))
        }
        _ => None,
    };
    AnyValue { value }
}

/// Members in their order, as often as they are there.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}
