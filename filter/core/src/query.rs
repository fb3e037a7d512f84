//! Queries with the values of secret parameters replaced.

use crate::{mask::Mask, text::percent_decoded};
use std::borrow::Cow;

/// Parameters that carry credentials by convention, redacted whatever the configuration says.
const SECRETS: &[&str] = &[
    "access_token",
    "api-key",
    "api_key",
    "apikey",
    "auth",
    "client_secret",
    "code",
    "id_token",
    "jwt",
    "key",
    "password",
    "refresh_token",
    "secret",
    "sig",
    "signature",
    "token",
    "x-amz-credential",
    "x-amz-security-token",
    "x-amz-signature",
    "x-goog-credential",
    "x-goog-signature",
];

/// Parameters whose values are never kept, and what stands in their place.
#[derive(Clone, Debug)]
pub struct SecretParameters {
    names: Vec<String>,
    mask: Mask,
}

impl SecretParameters {
    /// The built-in names and `more`, in whatever case.
    #[must_use]
    pub fn new(more: &[String], mask: Mask) -> Self {
        let built_in = SECRETS.iter().map(|name| (*name).to_owned());
        Self { names: built_in.chain(more.iter().map(|name| name.to_ascii_lowercase())).collect(), mask }
    }

    /// The query with secrets masked. That goes before any cut, so that half of a secret cannot pass.
    #[must_use]
    pub fn redact<'a>(&self, query: &'a [u8]) -> Cow<'a, [u8]> {
        if !query.split(|byte| *byte == b'&').any(|parameter| self.secret(parameter).is_some()) {
            return Cow::Borrowed(query);
        }
        let mut kept = Vec::with_capacity(query.len() + 32);
        let mut is_first = true;
        for parameter in query.split(|byte| *byte == b'&') {
            let secret = self.secret(parameter);
            if secret.is_some() && self.mask.drops() {
                continue;
            }
            if !std::mem::replace(&mut is_first, false) {
                kept.push(b'&');
            }
            if let Some((name, value)) = secret {
                kept.extend_from_slice(name);
                kept.push(b'=');
                kept.extend_from_slice(self.mask.of(&percent_decoded(value), true).as_bytes());
            } else {
                kept.extend_from_slice(parameter);
            }
        }
        Cow::Owned(kept)
    }

    /// A URL with its query redacted; its user information goes too.
    #[must_use]
    pub fn redact_url(&self, url: &[u8]) -> Vec<u8> {
        let mut parts = url.splitn(2, |byte| *byte == b'?');
        let mut kept = without_user_information(parts.next().unwrap_or_default());
        if let Some(query) = parts.next() {
            kept.push(b'?');
            kept.extend_from_slice(&self.redact(query));
        }
        kept
    }

    /// Name and value of a parameter whose value is secret.
    fn secret<'a>(&self, parameter: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let equals = parameter.iter().position(|byte| *byte == b'=')?;
        let (name, value) = parameter.split_at_checked(equals)?;
        self.is_secret(name).then(|| (name, value.get(1..).unwrap_or_default()))
    }

    /// Whether the value of the parameter of this name, percent-encoded or not, is never kept.
    #[must_use]
    pub fn is_secret(&self, name: &[u8]) -> bool {
        let name = percent_decoded(name);
        self.names.iter().any(|secret| name.eq_ignore_ascii_case(secret.as_bytes()))
    }
}

/// `https://user:password@host/` to `https://host/` (RFC 3986, section 3.2.1).
fn without_user_information(url: &[u8]) -> Vec<u8> {
    let Some(scheme) = url.windows(3).position(|window| window == b"://") else { return url.to_vec() };
    let (scheme, rest) = url.split_at((scheme + 3).min(url.len()));
    let authority = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
    let user = rest.iter().take(authority).rposition(|byte| *byte == b'@').map_or(0, |at| at + 1);
    [scheme, rest.get(user..).unwrap_or_default()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::MaskKind;
    use proptest::prelude::*;

    fn redact(query: &str) -> String {
        redact_by(MaskKind::Redact, query)
    }

    fn redact_by(kind: MaskKind, query: &str) -> String {
        let secrets = SecretParameters::new(&["Ticket".to_owned()], Mask::new(kind, b"key"));
        String::from_utf8(secrets.redact(query.as_bytes()).into_owned()).expect("text")
    }

    #[test]
    fn values_of_secret_parameters_are_replaced() {
        assert_eq!(redact("q=1&token=abc&x"), "q=1&token=[redacted]&x");
    }

    #[test]
    fn parameters_can_be_dropped_whole() {
        assert_eq!(redact_by(MaskKind::Drop, "token=abc&q=1&sig=2&x"), "q=1&x");
        assert_eq!(redact_by(MaskKind::Drop, "token=abc"), "");
    }

    #[test]
    fn a_hash_is_of_the_decoded_value() {
        let hash = redact_by(MaskKind::Hash, "token=a%62c");
        assert_eq!(hash, redact_by(MaskKind::Hash, "token=abc"));
        assert!(hash.starts_with("token=[redacted:"));
    }

    #[test]
    fn names_are_compared_decoded_and_in_any_case() {
        assert_eq!(redact("%74oken=a&API_KEY=b"), "%74oken=[redacted]&API_KEY=[redacted]");
    }

    #[test]
    fn configured_names_are_added_to_the_built_in_ones() {
        assert_eq!(redact("ticket=7&sig=8"), "ticket=[redacted]&sig=[redacted]");
    }

    #[test]
    fn a_url_loses_its_password_and_its_secret_parameters() {
        let url = SecretParameters::new(&[], Mask::default())
            .redact_url(b"https://ann:pw@example.org/a?b=1&code=9");
        assert_eq!(url, b"https://example.org/a?b=1&code=[redacted]");
    }

    proptest! {
        #[test]
        fn no_secret_passes_whatever_stands_around_it(before in "[a-z=&]{0,30}", after in "[a-z=&]{0,30}") {
            let kept = redact(&format!("{before}&token=SECRET&{after}"));
            prop_assert!(!kept.contains('S'), "{kept}");
        }

        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let secrets = SecretParameters::new(&[], Mask::default());
            let _ = (secrets.redact(&bytes), secrets.redact_url(&bytes));
        }
    }
}
