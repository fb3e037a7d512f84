//! What Envoy knows of a stream in the end, asked for in one call.
//!
//! Attributes are what a stream costs most: Envoy makes wrappers for each anew. A CEL expression that lists them all gets
//! them at half the price (docs/decisions/0007-attributes-by-one-expression.md). It fails as a whole if one of them is
//! missing, as those of the upstream are where there was none, or if this Envoy was built without CEL's parser. Then they
//! are asked for one by one.
//! <https://www.envoyproxy.io/docs/envoy/v1.40.0/intro/arch_overview/advanced/attributes>

use crate::abi::{Pairs, host};

/// How Envoy is asked for the attributes. The expression is made when a plugin's first stream ends: Envoy keeps it with the
/// root context.
#[derive(Debug, Default)]
pub(crate) enum Query {
    #[default]
    Unprepared,
    Expression(Vec<u8>),
    /// There is no CEL here.
    OneByOne,
}

/// Their names. The order is that of [`Attributes`].
const NAMES: [&str; 8] = [
    "response.flags",
    "response.code_details",
    "xds.route_name",
    "xds.cluster_name",
    "upstream.address",
    "upstream.request_attempt_count",
    "request.protocol",
    "source.address",
];

/// The attributes as they came.
#[derive(Debug)]
pub(crate) struct Answer(Pairs);

/// The attributes; empty or 0 where there are none.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a> {
    pub(super) flags: u64,
    pub(super) details: &'a [u8],
    pub(super) route: &'a [u8],
    pub(super) cluster: &'a [u8],
    pub(super) upstream: &'a [u8],
    pub(super) attempts: u64,
    pub(super) protocol: &'a [u8],
    pub(super) client: &'a [u8],
}

impl Query {
    /// Asks for those of the current stream.
    pub(super) fn ask(&mut self) -> Answer {
        if let Self::Unprepared = self {
            let list = format!("[{}]", NAMES.join(", "));
            *self = host::prepare(&list).map_or(Self::OneByOne, Self::Expression);
        }
        let all = match self {
            Self::Expression(expression) => host::evaluate(expression).ok(),
            _ => None,
        };
        Answer(all.unwrap_or_else(one_by_one))
    }
}

fn one_by_one() -> Pairs {
    let values = NAMES.map(|name| host::property(&name.replace('.', "\0")).unwrap_or_default());
    Pairs::new(Pairs::encode(&values.each_ref().map(|value| (value.as_slice(), b"".as_slice()))))
}

impl Answer {
    /// Envoy hands a list over as a map, whose names are its elements.
    pub(super) fn attributes(&self) -> Attributes<'_> {
        let mut values = self.0.iter().map(|(value, _)| value);
        let mut next = || values.next().unwrap_or_default();
        Attributes {
            flags: number(next()),
            details: next(),
            route: next(),
            cluster: next(),
            upstream: next(),
            attempts: number(next()),
            protocol: next(),
            client: next(),
        }
    }
}

/// An attribute that is a number, in eight bytes, the little end first; 0 if it is none.
fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::native;

    #[test]
    fn attributes_are_asked_for_one_by_one_where_there_is_no_cel() {
        native::script(|script| {
            script.properties.insert(b"response\0flags".to_vec(), 0x20_u64.to_le_bytes().to_vec());
            script.properties.insert(b"xds\0route_name".to_vec(), b"chat".to_vec());
        });
        let mut query = Query::default();
        let answer = query.ask();
        let attributes = answer.attributes();
        assert_eq!(
            (attributes.flags, attributes.route, attributes.client),
            (0x20, b"chat".as_slice(), b"".as_slice())
        );
        assert!(matches!(query, Query::OneByOne));
    }
}
