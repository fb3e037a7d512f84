//! Queries with the values of secret parameters replaced.

use crate::text::percent_decoded;
use std::borrow::Cow;

/// What stands in the place of a secret.
pub(crate) const REDACTED: &[u8] = b"[redacted]";

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

/// Names of parameters whose values are never kept.
#[derive(Clone, Debug)]
pub(crate) struct SecretParameters(Vec<String>);

impl SecretParameters {
    /// The built-in names and `more`, in whatever case.
    pub(crate) fn new(more: &[String]) -> Self {
        let built_in = SECRETS.iter().map(|name| (*name).to_owned());
        Self(built_in.chain(more.iter().map(|name| name.to_ascii_lowercase())).collect())
    }

    /// The query with secrets replaced. That goes before any cut, so that half of a secret cannot pass.
    pub(crate) fn redact<'a>(&self, query: &'a [u8]) -> Cow<'a, [u8]> {
        if !query.split(|byte| *byte == b'&').any(|parameter| self.secret_name(parameter).is_some()) {
            return Cow::Borrowed(query);
        }
        let mut kept = Vec::with_capacity(query.len() + REDACTED.len());
        for (index, parameter) in query.split(|byte| *byte == b'&').enumerate() {
            if index > 0 {
                kept.push(b'&');
            }
            if let Some(name) = self.secret_name(parameter) {
                kept.extend_from_slice(name);
                kept.push(b'=');
                kept.extend_from_slice(REDACTED);
            } else {
                kept.extend_from_slice(parameter);
            }
        }
        Cow::Owned(kept)
    }

    /// A URL with its query redacted; its user information goes too.
    pub(crate) fn redact_url(&self, url: &[u8]) -> Vec<u8> {
        let mut parts = url.splitn(2, |byte| *byte == b'?');
        let mut kept = without_user_information(parts.next().unwrap_or_default());
        if let Some(query) = parts.next() {
            kept.push(b'?');
            kept.extend_from_slice(&self.redact(query));
        }
        kept
    }

    /// The name of a parameter whose value is secret.
    fn secret_name<'a>(&self, parameter: &'a [u8]) -> Option<&'a [u8]> {
        let equals = parameter.iter().position(|byte| *byte == b'=')?;
        parameter.get(..equals).filter(|name| self.names(name))
    }

    fn names(&self, raw: &[u8]) -> bool {
        let name = percent_decoded(raw);
        self.0.iter().any(|secret| name.eq_ignore_ascii_case(secret.as_bytes()))
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
    use proptest::prelude::*;

    fn redact(query: &str) -> String {
        let secrets = SecretParameters::new(&["Ticket".to_owned()]);
        String::from_utf8(secrets.redact(query.as_bytes()).into_owned()).expect("text")
    }

    #[test]
    fn values_of_secret_parameters_are_replaced() {
        assert_eq!(redact("q=1&token=abc&x"), "q=1&token=[redacted]&x");
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
        let url = SecretParameters::new(&[]).redact_url(b"https://ann:pw@example.org/a?b=1&code=9");
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
            let secrets = SecretParameters::new(&[]);
            secrets.redact(&bytes);
            secrets.redact_url(&bytes);
        }
    }
}
