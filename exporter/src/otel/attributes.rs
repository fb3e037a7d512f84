//! Attributes, asked for by name. One of another type says nothing.

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};

/// A list of attributes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attributes<'a>(pub(crate) &'a [KeyValue]);

impl<'a> Attributes<'a> {
    /// The value of this name. Spans have few attributes, so looking them through is cheaper than a table of them.
    pub(crate) fn get(self, name: &str) -> Option<&'a Value> {
        self.0.iter().find(|pair| pair.key == name).and_then(|pair| value(pair.value.as_ref()))
    }

    /// A text that is not empty.
    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        match self.get(name)? {
            Value::StringValue(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The first of these that is one.
    pub(crate) fn first_text(self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.text(name))
    }

    /// A number, or a text that is one.
    pub(crate) fn number(self, name: &str) -> Option<f64> {
        match self.get(name)? {
            #[allow(clippy::cast_precision_loss, reason = "amounts are far below that")]
            Value::IntValue(number) => Some(*number as f64),
            Value::DoubleValue(number) => Some(*number),
            Value::StringValue(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A number that counts something.
    pub(crate) fn count(self, name: &str) -> Option<u64> {
        if let Value::IntValue(number) = self.get(name)? {
            return u64::try_from(*number).ok();
        }
        let number = self.number(name).filter(|number| (0.0..9e15).contains(number));
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
        number.map(|number| number as u64)
    }

    /// Whether it is true.
    pub(crate) fn is_true(self, name: &str) -> bool {
        match self.get(name) {
            Some(Value::BoolValue(flag)) => *flag,
            Some(Value::StringValue(text)) => text == "true",
            _ => false,
        }
    }

    /// A list of texts; or a text that is one: as JSON, or with commas.
    pub(crate) fn texts(self, name: &str) -> Vec<String> {
        match self.get(name) {
            Some(Value::ArrayValue(list)) => {
                let text = |any: &AnyValue| match &any.value {
                    Some(Value::StringValue(text)) => Some(text.clone()),
                    _ => None,
                };
                list.values.iter().filter_map(text).collect()
            }
            Some(Value::StringValue(text)) => serde_json::from_str(text).unwrap_or_else(|_| {
                text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
            }),
            _ => Vec::new(),
        }
    }

    /// Those whose names begin so: the rest of the name, and the value.
    pub(crate) fn under(self, prefix: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.0.iter().filter_map(move |pair| {
            let rest = pair.key.strip_prefix(prefix).filter(|rest| !rest.is_empty())?;
            Some((rest, value(pair.value.as_ref())?))
        })
    }
}

fn value(any: Option<&AnyValue>) -> Option<&Value> {
    any?.value.as_ref()
}
