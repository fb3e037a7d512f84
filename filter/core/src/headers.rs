//! Which headers are kept, and with which values.

use crate::{
    event::Header,
    query::{REDACTED, SecretParameters},
    text::{clipped, cut},
};
use std::collections::BTreeSet;

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

/// The allow list, and what is redacted of what it lets through.
#[derive(Clone, Debug)]
pub(crate) struct HeaderFilter {
    names: BTreeSet<String>,
    /// From entries such as `x-app-*`; an empty one allows every header.
    prefixes: Vec<String>,
    credentials: BTreeSet<String>,
}

impl HeaderFilter {
    /// `allow`: names, or prefixes that end in `*`. `redact`: names beside the built-in ones.
    pub(crate) fn new(allow: &[String], redact: &[String]) -> Self {
        let built_in = CREDENTIALS.iter().map(|name| (*name).to_owned());
        let (prefixes, names): (Vec<_>, Vec<_>) =
            allow.iter().map(|name| name.to_ascii_lowercase()).partition(|name| name.ends_with('*'));
        Self {
            names: names.into_iter().collect(),
            prefixes: prefixes.into_iter().map(|name| name.trim_end_matches('*').to_owned()).collect(),
            credentials: built_in.chain(redact.iter().map(|name| name.to_ascii_lowercase())).collect(),
        }
    }

    /// The fields that are kept, in the order in which they came.
    pub(crate) fn keep(&self, fields: &[(&[u8], &[u8])], secrets: &SecretParameters) -> Vec<Header> {
        let mut kept = Vec::new();
        for (name, value) in fields {
            if kept.len() == MAX_FIELDS {
                break;
            }
            let Some(name) = field_name(name).filter(|name| self.allows(name)) else { continue };
            let value = self.value(&name, value, secrets);
            kept.push(Header { name, value });
        }
        kept
    }

    fn allows(&self, name: &str) -> bool {
        self.names.contains(name) || self.prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
    }

    fn value(&self, name: &str, value: &[u8], secrets: &SecretParameters) -> String {
        if self.credentials.contains(name) {
            REDACTED.to_owned()
        } else if URLS.contains(&name) {
            secrets.redact_url(value, MAX_VALUE)
        } else {
            clipped(cut(value, MAX_VALUE), MAX_VALUE)
        }
    }
}

/// The name in lower case, if it can be one: visible ASCII, of a sane length (RFC 9110, section 5.1).
fn field_name(raw: &[u8]) -> Option<String> {
    if raw.len() > MAX_NAME || !raw.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    std::str::from_utf8(raw).ok().map(str::to_ascii_lowercase)
}

/// The value of the first field of that (lower-case) name.
pub(crate) fn first<'a>(fields: &[(&'a [u8], &'a [u8])], name: &str) -> Option<&'a [u8]> {
    fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(allow: &[&str], fields: &[(&str, &str)]) -> Vec<(String, String)> {
        let allow: Vec<_> = allow.iter().map(|name| (*name).to_owned()).collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        let kept =
            HeaderFilter::new(&allow, &["x-ours".to_owned()]).keep(&fields, &SecretParameters::new(&[]));
        kept.into_iter().map(|header| (header.name, header.value)).collect()
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
