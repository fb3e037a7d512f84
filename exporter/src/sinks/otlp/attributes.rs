//! The attributes of a span. What is not known is left out: an empty text, an empty list, a number that is none.

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value};

/// Attributes in the order in which they were added. No name may be added twice.
#[derive(Debug)]
pub(super) struct Attributes(Vec<KeyValue>);

impl Attributes {
    /// None yet, with room for the usual number.
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(40))
    }

    pub(super) fn text(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.add(name, Value::StringValue(value));
        }
    }

    pub(super) fn int(&mut self, name: impl Into<String>, value: u64) {
        // The protocol's integers have a sign.
        self.add(name, Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX)));
    }

    /// JSON has no infinities, and no backend has a use for them.
    pub(super) fn number(&mut self, name: impl Into<String>, value: f64) {
        if value.is_finite() {
            self.add(name, Value::DoubleValue(value));
        }
    }

    pub(super) fn flag(&mut self, name: impl Into<String>, value: bool) {
        self.add(name, Value::BoolValue(value));
    }

    pub(super) fn bytes(&mut self, name: impl Into<String>, value: Vec<u8>) {
        if !value.is_empty() {
            self.add(name, Value::BytesValue(value));
        }
    }

    pub(super) fn texts<'a>(&mut self, name: impl Into<String>, values: impl IntoIterator<Item = &'a str>) {
        let value = |text: &str| AnyValue { value: Some(Value::StringValue(text.to_owned())) };
        let values: Vec<AnyValue> = values.into_iter().map(value).collect();
        if !values.is_empty() {
            self.add(name, Value::ArrayValue(ArrayValue { values }));
        }
    }

    fn add(&mut self, name: impl Into<String>, value: Value) {
        let value = Some(AnyValue { value: Some(value) });
        self.0.push(KeyValue { key: name.into(), value, ..KeyValue::default() });
    }

    pub(super) fn into_vec(self) -> Vec<KeyValue> {
        self.0
    }
}
