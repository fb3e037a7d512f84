//! Which headers are kept, and with which values.

mod known;

use crate::{
    limits,
    mask::Mask,
    query::SecretParameters,
    text::clipped,
    wanted::{Found, Slot, Wanted},
    wire,
};
use known::KnownNames;
use std::borrow::Cow;

/// A header's value is handed over to this many bytes.
const MAX_VALUE: usize = limits::HEADER + limits::MARGIN;
/// An exchange keeps this many header fields each way.
const MAX_FIELDS: usize = 128;
/// No field name that is longer is looked up.
const MAX_NAME: usize = 128;

/// Headers that carry credentials by convention: shown as `[redacted]` if they are allowed at all.
const CREDENTIALS: &[&str] = &[
    "access-token",
    "api-key",
    "api_key",
    "apikey",
    "authentication",
    "authorization",
    "cf-access-jwt-assertion",
    "cookie",
    "cookie2",
    "private-token",
    "proxy-authorization",
    "sec-websocket-protocol",
    "set-cookie",
    "set-cookie2",
    "token",
    "x-access-token",
    "x-amz-security-token",
    "x-amzn-oidc-data",
    "x-api-key",
    "x-apikey",
    "x-auth",
    "x-auth-token",
    "x-authorization",
    "x-csrf-token",
    "x-forwarded-access-token",
    "x-gitlab-token",
    "x-goog-api-key",
    "x-goog-iap-jwt-assertion",
    "x-secret",
    "x-session-token",
    "x-vault-token",
];

/// Headers whose values are URLs, and so may carry secrets in their query.
const URLS: &[&str] = &[
    "content-location",
    "link",
    "location",
    "referer",
    "refresh",
    "x-envoy-original-path",
    "x-forwarded-uri",
    "x-original-url",
    "x-rewrite-url",
];

/// Kept where `[capture] headers.allow` says nothing.
pub(crate) const DEFAULT_ALLOW: &[&str] = &[
    "accept",
    "content-encoding",
    "content-length",
    "content-type",
    "retry-after",
    "user-agent",
    "x-amzn-errortype",
    "x-request-id",
];

/// A content type, or encoding, is kept to this many bytes where it is no header that is kept.
const MAX_CONTENT: usize = 256;

/// Tags of `Message`, and of a `Header`'s name and value.
const HEADERS: u32 = 1;
const CONTENT_TYPE: u32 = 4;
const CONTENT_ENCODING: u32 = 5;
const NAME: u32 = 1;
const VALUE: u32 = 2;

/// The allow list, and what is redacted of what it lets through.
#[derive(Clone, Debug)]
pub(crate) struct HeaderFilter {
    known: KnownNames,
    /// From entries such as `x-app-*`; an empty one allows every header.
    prefixes: Vec<String>,
    /// Whether these two are kept as they are.
    keeps_content_type: bool,
    keeps_content_encoding: bool,
}

/// What the name of a header tells about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Meaning {
    /// The allow list names it.
    allowed: bool,
    treatment: Treatment,
    /// Somebody asks for its value.
    slot: Option<Slot>,
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
    pub(crate) fn new(allow: &[String], redact: &[String], wanted: &Wanted) -> Self {
        let mut known = KnownNames::default();
        for name in CREDENTIALS.iter().copied().chain(redact.iter().map(String::as_str)) {
            known.entry(name).treatment = Treatment::Redact;
        }
        for name in URLS {
            let meaning = known.entry(name);
            if meaning.treatment == Treatment::Keep {
                meaning.treatment = Treatment::RedactUrl;
            }
        }
        for (slot, name) in wanted.iter() {
            known.entry(name).slot = Some(slot);
        }
        let mut prefixes = Vec::new();
        for name in allow {
            match name.strip_suffix('*') {
                Some(prefix) => prefixes.push(prefix.to_ascii_lowercase()),
                None => known.entry(name).allowed = true,
            }
        }
        known.index();
        let mut filter = Self { known, prefixes, keeps_content_type: false, keeps_content_encoding: false };
        filter.keeps_content_type = filter.keeps_as_it_is(b"content-type");
        filter.keeps_content_encoding = filter.keeps_as_it_is(b"content-encoding");
        filter
    }

    fn keeps_as_it_is(&self, name: &[u8]) -> bool {
        let meaning = self.known.find(name).map(|known| known.meaning);
        let allowed = meaning.is_some_and(|meaning| meaning.allowed) || self.allows_by_prefix(name);
        allowed && meaning.is_none_or(|meaning| meaning.treatment == Treatment::Keep)
    }

    /// Whether the value of this header is a secret.
    pub(crate) fn redacts(&self, name: &str) -> bool {
        self.known.find(name.as_bytes()).is_some_and(|known| known.meaning.treatment == Treatment::Redact)
    }

    /// What is asked for of the fields, and nothing kept of them.
    pub(crate) fn look<'a>(&self, fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Found<'a> {
        let mut found = Found::default();
        for (name, value) in fields {
            if let Some(slot) = self.known.find(name).and_then(|known| known.meaning.slot) {
                found.put(slot, value);
            }
        }
        found
    }

    /// Writes the fields that are kept, in the order in which they came, each as a `Message` of one header under the
    /// tag `message`: Protocol Buffers merge the messages of one tag, so none of them need be held back. What is asked for
    /// of them goes to `found`.
    pub(crate) fn keep<'a>(
        &self,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        (secrets, mask): (&SecretParameters, &Mask),
        message: u32,
        found: &mut Found<'a>,
        out: &mut Vec<u8>,
    ) {
        let mut room = MAX_FIELDS;
        for (name, value) in fields {
            let known = self.known.find(name);
            let meaning = known.map(|known| known.meaning);
            if let Some(slot) = meaning.and_then(|meaning| meaning.slot) {
                found.put(slot, value);
            }
            let allowed = meaning.is_some_and(|meaning| meaning.allowed) || self.allows_by_prefix(name);
            let treatment = meaning.map_or(Treatment::Keep, |meaning| meaning.treatment);
            if !allowed || room == 0 || (treatment == Treatment::Redact && mask.drops()) {
                continue;
            }
            room -= 1;
            let name = known
                .map_or_else(|| Cow::Owned(name.to_ascii_lowercase()), |known| Cow::Borrowed(&*known.name));
            write_header(out, message, &name, &kept_value(treatment, value, secrets, mask));
        }
        if !(self.keeps_content_type && self.keeps_content_encoding) {
            self.write_content(message, found, out);
        }
    }

    /// What a body is, where no header that is kept tells.
    fn write_content(&self, message: u32, found: &Found<'_>, out: &mut Vec<u8>) {
        for (tag, value, is_kept) in [
            (CONTENT_TYPE, found.content_type(), self.keeps_content_type),
            (CONTENT_ENCODING, found.content_encoding(), self.keeps_content_encoding),
        ] {
            if !is_kept && !value.is_empty() {
                let value = clipped(value, MAX_CONTENT);
                wire::heads(out, [(message, wire::size(tag, value.len())), (tag, value.len())]);
                out.extend_from_slice(&value);
            }
        }
    }

    fn allows_by_prefix(&self, name: &[u8]) -> bool {
        let starts = |prefix: &String| {
            name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        // Only what can be a name is one: visible ASCII, of a sane length (RFC 9110, section 5.1).
        self.prefixes.iter().any(starts) && name.len() <= MAX_NAME && name.iter().all(u8::is_ascii_graphic)
    }
}

#[inline(always)]
fn write_header(out: &mut Vec<u8>, message: u32, name: &[u8], value: &[u8]) {
    let header = wire::size(NAME, name.len()) + wire::size(VALUE, value.len());
    wire::heads(out, [(message, wire::size(HEADERS, header)), (HEADERS, header), (NAME, name.len())]);
    out.extend_from_slice(name);
    wire::head(out, VALUE, value.len());
    out.extend_from_slice(value);
}

/// The value as it is kept: UTF-8, cut, and without what is secret in it.
#[inline(always)]
fn kept_value<'v>(
    treatment: Treatment,
    value: &'v [u8],
    secrets: &SecretParameters,
    mask: &Mask,
) -> Cow<'v, [u8]> {
    match treatment {
        Treatment::Keep => clipped(value, MAX_VALUE),
        Treatment::Redact => match mask.of(value, true) {
            Cow::Borrowed(mask) => Cow::Borrowed(mask.as_bytes()),
            Cow::Owned(mask) => Cow::Owned(mask.into_bytes()),
        },
        Treatment::RedactUrl => Cow::Owned(clipped(&secrets.redact_url(value), MAX_VALUE).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{Exchange, Message},
        mask::MaskKind,
    };

    fn keep_by(kind: MaskKind, allow: &[&str], fields: &[(&str, &str)]) -> Message {
        let allow: Vec<_> = allow.iter().map(|name| (*name).to_owned()).collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        let mut kept = Vec::new();
        let filter = HeaderFilter::new(&allow, &["x-ours".to_owned()], &Wanted::default());
        let mask = Mask::new(kind, b"key");
        let secrets = SecretParameters::new(&[], mask.clone());
        filter.keep(fields.iter().copied(), (&secrets, &mask), 12, &mut Found::default(), &mut kept);
        let exchange: Exchange = prost::Message::decode(kept.as_slice()).expect("an exchange");
        exchange.request.unwrap_or_default()
    }

    fn keep(allow: &[&str], fields: &[(&str, &str)]) -> Vec<(String, String)> {
        let headers = keep_by(MaskKind::Redact, allow, fields).headers;
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
    fn a_credential_can_be_dropped_or_made_comparable() {
        let fields = [("authorization", "Bearer s"), ("accept", "*/*")];
        assert_eq!(keep_by(MaskKind::Drop, &["*"], &fields).headers.len(), 1);
        let hashed = keep_by(MaskKind::Hash, &["*"], &fields).headers;
        assert!(hashed.first().is_some_and(|header| header.value.starts_with("[redacted:")));
    }

    #[test]
    fn what_a_body_is_is_told_where_no_header_that_is_kept_tells() {
        let fields = [("Content-Type", "text/plain"), ("content-encoding", "gzip")];
        let message = keep_by(MaskKind::Redact, &["content-encoding"], &fields);
        assert_eq!((message.content_type.as_str(), message.content_encoding.as_str()), ("text/plain", ""));
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
