//! Which headers are kept, and with which values.

use crate::{
    query::{REDACTED, SecretParameters},
    text::clipped,
    wire,
};
use std::borrow::Cow;

/// A header's value is kept to this many bytes.
const MAX_VALUE: usize = 4096;
/// An exchange keeps this many header fields each way.
const MAX_FIELDS: usize = 128;
/// No field name that is longer is looked up.
const MAX_NAME: usize = 128;

/// Headers that carry credentials by convention: shown as `[redacted]` if they are allowed at all.
const CREDENTIALS: &[&str] = &[
    "api-key",
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
    "x-amz-security-token",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "x-goog-api-key",
];

/// Headers whose values are URLs, and so may carry secrets in their query.
const URLS: &[&str] = &["content-location", "location", "referer"];

/// Kept where `[capture] headers.allow` says nothing.
pub(crate) const DEFAULT_ALLOW: &[&str] = &[
    "accept",
    "content-encoding",
    "content-length",
    "content-type",
    "retry-after",
    "transfer-encoding",
    "user-agent",
    "x-request-id",
];

/// Tag of `Message.headers`, and of a `Header`'s name and value.
const HEADERS: u32 = 1;
const NAME: u32 = 1;
const VALUE: u32 = 2;

/// The allow list, and what is redacted of what it lets through.
#[derive(Clone, Debug)]
pub(crate) struct HeaderFilter {
    allowed: Vec<Known>,
    /// From entries such as `x-app-*`; an empty one allows every header.
    prefixes: Vec<String>,
    /// What is particular to names that only a prefix allows.
    special: Vec<Known>,
}

/// A header's name, in lower case, and what becomes of its value.
#[derive(Clone, Debug)]
struct Known {
    name: String,
    key: u32,
    treatment: Treatment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Treatment {
    Keep,
    /// It carries credentials.
    Redact,
    /// It is a URL, whose query may.
    RedactUrl,
}

impl HeaderFilter {
    /// `allow`: names, or prefixes that end in `*`. `redact`: names beside the built-in ones.
    pub(crate) fn new(allow: &[String], redact: &[String]) -> Self {
        let redacted = CREDENTIALS.iter().copied().chain(redact.iter().map(String::as_str));
        let mut special: Vec<Known> = redacted.map(|name| Known::new(name, Treatment::Redact)).collect();
        special.extend(URLS.iter().map(|name| Known::new(name, Treatment::RedactUrl)));
        let (prefixes, names): (Vec<&String>, Vec<&String>) =
            allow.iter().partition(|name| name.ends_with('*'));
        let treatment =
            |name: &String| find(name.as_bytes(), &special).map_or(Treatment::Keep, |known| known.treatment);
        let allowed = names.into_iter().map(|name| Known::new(name, treatment(name))).collect();
        let prefixes =
            prefixes.into_iter().map(|name| name.trim_end_matches('*').to_ascii_lowercase()).collect();
        Self { allowed, prefixes, special }
    }

    /// Writes the fields that are kept, in the order in which they came, each as a `Message` of one header under the
    /// tag `message`. Protocol Buffers merge the messages of one tag, so none of them need be held back.
    pub(crate) fn keep(
        &self,
        fields: &[(&[u8], &[u8])],
        secrets: &SecretParameters,
        message: u32,
        out: &mut Vec<u8>,
    ) {
        let mut room = MAX_FIELDS;
        for (name, value) in fields {
            let Some((name, treatment)) = self.treatment(name) else { continue };
            let Some(left) = room.checked_sub(1) else { break };
            room = left;
            let value = kept_value(treatment, value, secrets);
            let size = wire::size(NAME, name.len()) + wire::size(VALUE, value.len());
            wire::head(out, message, wire::size(HEADERS, size));
            wire::head(out, HEADERS, size);
            wire::head(out, NAME, name.len());
            out.extend_from_slice(&name);
            wire::head(out, VALUE, value.len());
            out.extend_from_slice(&value);
        }
    }

    /// A header's name in lower case, and what becomes of its value; `None` if the header is not allowed.
    fn treatment<'a>(&'a self, name: &[u8]) -> Option<(Cow<'a, [u8]>, Treatment)> {
        if let Some(known) = find(name, &self.allowed) {
            return Some((Cow::Borrowed(known.name.as_bytes()), known.treatment));
        }
        let starts = |prefix: &String| {
            name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        // Only what can be a name is one: visible ASCII, of a sane length (RFC 9110, section 5.1).
        let by_prefix = self.prefixes.iter().any(starts)
            && name.len() <= MAX_NAME
            && name.iter().all(u8::is_ascii_graphic);
        by_prefix.then(|| {
            let treatment = find(name, &self.special).map_or(Treatment::Keep, |known| known.treatment);
            (Cow::Owned(name.to_ascii_lowercase()), treatment)
        })
    }
}

impl Known {
    fn new(name: &str, treatment: Treatment) -> Self {
        Self { key: key(name.as_bytes()), name: name.to_ascii_lowercase(), treatment }
    }
}

/// Length, first and last letter without their case: tells nearly all names apart in one comparison.
fn key(name: &[u8]) -> u32 {
    const LOWER: u8 = 0x20;
    let letter = |byte: Option<&u8>| u32::from(byte.copied().unwrap_or(0) | LOWER);
    let length = u32::try_from(name.len()).unwrap_or(u32::MAX) & 0xffff;
    length << 16 | letter(name.first()) << 8 | letter(name.last())
}

fn find<'a>(name: &[u8], among: &'a [Known]) -> Option<&'a Known> {
    let key = key(name);
    let same = |known: &&Known| {
        // Hosts hand names over in lower case, but nothing holds them to it.
        known.key == key
            && (equal(name, known.name.as_bytes()) || name.eq_ignore_ascii_case(known.name.as_bytes()))
    };
    among.iter().find(same)
}

/// `==`, eight bytes at a time: in the guest, every access to memory is paid for.
fn equal(left: &[u8], right: &[u8]) -> bool {
    let (left, left_rest) = left.as_chunks::<8>();
    let (right, right_rest) = right.as_chunks::<8>();
    left.len() == right.len()
        && left.iter().zip(right).all(|(a, b)| u64::from_le_bytes(*a) == u64::from_le_bytes(*b))
        && left_rest == right_rest
}

/// The value as it is kept: UTF-8, cut, and without what is secret in it.
fn kept_value<'v>(treatment: Treatment, value: &'v [u8], secrets: &SecretParameters) -> Cow<'v, [u8]> {
    match treatment {
        Treatment::Keep => clipped(value, MAX_VALUE),
        Treatment::Redact => Cow::Borrowed(REDACTED),
        Treatment::RedactUrl => Cow::Owned(clipped(&secrets.redact_url(value), MAX_VALUE).into_owned()),
    }
}

/// The value of the first field of that (lower-case) name.
pub(crate) fn first<'a>(fields: &[(&'a [u8], &'a [u8])], name: &str) -> Option<&'a [u8]> {
    fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Exchange;

    fn keep(allow: &[&str], fields: &[(&str, &str)]) -> Vec<(String, String)> {
        let allow: Vec<_> = allow.iter().map(|name| (*name).to_owned()).collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        let mut kept = Vec::new();
        let filter = HeaderFilter::new(&allow, &["x-ours".to_owned()]);
        filter.keep(&fields, &SecretParameters::new(&[]), 12, &mut kept);
        let exchange: Exchange = prost::Message::decode(kept.as_slice()).expect("an exchange");
        let headers = exchange.request.unwrap_or_default().headers;
        headers.into_iter().map(|header| (header.name, header.value)).collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn only_allowed_headers_are_kept() {
        let kept = keep(&["Content-Type"], &[("content-type", "a"), ("x-other", "b"), ("CONTENT-TYPE", "c")]);
        assert_eq!(kept, [pair("content-type", "a"), pair("content-type", "c")]);
    }

    #[test]
    fn a_prefix_allows_all_that_begin_with_it() {
        assert_eq!(keep(&["x-app-*"], &[("x-app-id", "1"), ("x-ap", "2")]), [pair("x-app-id", "1")]);
    }

    #[test]
    fn credentials_are_redacted_even_if_everything_is_allowed() {
        let kept = keep(&["*"], &[("Authorization", "Bearer s"), ("x-ours", "s"), ("accept", "*/*")]);
        let expected =
            [pair("authorization", "[redacted]"), pair("x-ours", "[redacted]"), pair("accept", "*/*")];
        assert_eq!(kept, expected);
    }

    #[test]
    fn a_referer_loses_its_secret_parameters() {
        let kept = keep(&["referer"], &[("referer", "https://a/b?token=s")]);
        assert_eq!(kept, [pair("referer", "https://a/b?token=[redacted]")]);
    }

    #[test]
    fn a_value_of_a_megabyte_is_cut() {
        let kept = keep(&["*"], &[("x-big", &"v".repeat(1 << 20))]);
        assert_eq!(kept.first().map(|(_, value)| value.len()), Some(MAX_VALUE));
    }

    #[test]
    fn a_name_that_cannot_be_one_is_left_out() {
        assert!(keep(&["*"], &[("x y", "1"), ("caf\u{e9}", "2"), (&"n".repeat(200), "3")]).is_empty());
    }
}
