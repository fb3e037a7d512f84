//! Queries with the values of secret parameters replaced.

pub use crate::text::percent_decoded;
use crate::{
    mask::Mask,
    treatment::{SECRET_KEYS, normalised},
};
use std::borrow::Cow;

/// Longest name that is compared without a copy, in bytes.
const MAX_NAME: usize = 64;

/// Parameters that carry credentials by convention, redacted whatever the configuration says, beside [`SECRET_KEYS`].
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
    /// As [`normalised`] makes them.
    names: Vec<String>,
    mask: Mask,
}

impl SecretParameters {
    /// The built-in names and `more`. They are compared as keys of JSON are: without case, `_` and `-`.
    #[must_use]
    pub fn new(more: &[String], mask: Mask) -> Self {
        let built_in = SECRETS.iter().chain(SECRET_KEYS).copied();
        let mut names: Vec<String> =
            built_in.chain(more.iter().map(String::as_str)).map(normalised).collect();
        names.sort_unstable();
        names.dedup();
        Self { names, mask }
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
            if let Some((before, value)) = secret {
                kept.extend_from_slice(before);
                kept.extend_from_slice(self.mask.of(&percent_decoded(value), true).as_bytes());
            } else {
                kept.extend_from_slice(parameter);
            }
        }
        Cow::Owned(kept)
    }

    /// A URL with its query redacted, and its fragment, in which OAuth hands over tokens (RFC 6749, section 4.2.2); its
    /// user information goes.
    #[must_use]
    pub fn redact_url(&self, url: &[u8]) -> Vec<u8> {
        let (url, fragment) = split_at(url, b'#');
        let (location, query) = split_at(url, b'?');
        let mut kept = without_user_information(location);
        if let Some(query) = query {
            kept.push(b'?');
            kept.extend_from_slice(&self.redact(query));
        }
        if let Some(fragment) = fragment {
            kept.push(b'#');
            // Apps in the browser keep a path and a query of their own there.
            let (path, query) = split_at(fragment, b'?');
            kept.extend_from_slice(&self.redact(path));
            if let Some(query) = query {
                kept.push(b'?');
                kept.extend_from_slice(&self.redact(query));
            }
        }
        kept
    }

    /// What stands before a value that is secret, and the value.
    fn secret<'a>(&self, parameter: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        parameter.split_at_checked(secret_value(parameter, |name| self.is_secret(name))?)
    }

    /// Whether the value of the parameter of this name, percent-encoded or not, is never kept. Of `user[password]` and
    /// `user.password` the last part is a name too.
    #[must_use]
    pub fn is_secret(&self, name: &[u8]) -> bool {
        let name = percent_decoded(name);
        let part = |part: &&[u8]| !part.is_empty() && !part.iter().all(u8::is_ascii_digit);
        let last = name.split(|byte| matches!(byte, b'[' | b']' | b'.')).rfind(part);
        self.knows(&name) || last.is_some_and(|last| last.len() < name.len() && self.knows(last))
    }

    /// Whether `normalised(name)` is among the names; for nearly all names, no text is made for it.
    fn knows(&self, name: &[u8]) -> bool {
        let name = name.trim_ascii();
        if name.len() > MAX_NAME || !name.is_ascii() {
            return self.names.contains(&normalised(&String::from_utf8_lossy(name)));
        }
        let mut letters = [0; MAX_NAME];
        let mut places = letters.iter_mut();
        let mut count = 0;
        for byte in name.iter().filter(|byte| !matches!(byte, b'_' | b'-')) {
            let Some(place) = places.next() else { return false };
            *place = byte.to_ascii_lowercase();
            count += 1;
        }
        let name = letters.get(..count).unwrap_or_default();
        self.names.binary_search_by(|known| known.as_bytes().cmp(name)).is_ok()
    }
}

/// Where in a parameter the value begins whose name is secret. It is taken to go on to the parameter's end, but names may
/// stand behind `;` and line ends too, by which some part forms and queries, and have blanks around them.
pub fn secret_value(parameter: &[u8], is_secret: impl Fn(&[u8]) -> bool) -> Option<usize> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'+' | b'?');
    let mut start = 0;
    for part in parameter.split(|byte| matches!(byte, b';' | b'\r' | b'\n')) {
        if let Some(equals) = part.iter().position(|byte| *byte == b'=') {
            let name = part.get(..equals).unwrap_or_default();
            let first = name.iter().position(|byte| !is_blank(byte)).unwrap_or(name.len());
            let last =
                name.iter().rposition(|byte| !is_blank(byte)).map_or(first, |last| last.saturating_add(1));
            if is_secret(name.get(first..last).unwrap_or_default()) {
                return Some(start + equals + 1);
            }
        }
        start += part.len() + 1;
    }
    None
}

/// What stands before the first such byte, and what stands behind it.
fn split_at(text: &[u8], byte: u8) -> (&[u8], Option<&[u8]>) {
    let mut parts = text.splitn(2, |at| *at == byte);
    (parts.next().unwrap_or_default(), parts.next())
}

/// `https://user:password@host/` to `https://host/`, also where it begins with `//` (RFC 3986, sections 3.2.1 and 4.2).
fn without_user_information(url: &[u8]) -> Vec<u8> {
    let Some(slashes) = url.windows(2).position(|window| window == b"//") else { return url.to_vec() };
    let (scheme, rest) = url.split_at((slashes + 2).min(url.len()));
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

    #[test]
    fn names_are_compared_without_hyphens_and_underscores_as_keys_of_json_are() {
        assert_eq!(
            redact("accessToken=a&client-secret=b&Passwd=c"),
            "accessToken=[redacted]&client-secret=[redacted]&Passwd=[redacted]"
        );
    }

    #[test]
    fn the_last_part_of_a_name_is_a_name() {
        for name in
            ["user[password]", "user%5Bpassword%5D", "user[password][]", "user.password", "password[]"]
        {
            assert_eq!(redact(&format!("{name}=s")), format!("{name}=[redacted]"));
        }
        assert_eq!(redact("password[hint]=s&tokens=2"), "password[hint]=s&tokens=2");
    }

    #[test]
    fn names_behind_other_separators_and_between_blanks_are_names() {
        assert_eq!(redact("a=1;password=s;b=2&c=3"), "a=1;password=[redacted]&c=3");
        assert_eq!(redact("+password+=s&?token=s"), "+password+=[redacted]&?token=[redacted]");
        assert_eq!(redact("a=1\r\ntoken=s"), "a=1\r\ntoken=[redacted]");
    }

    #[test]
    fn names_of_any_letters_and_length_are_found() {
        let long = "x".repeat(100);
        let secrets = SecretParameters::new(&["Übergabe".to_owned(), long.clone()], Mask::default());
        assert!(secrets.is_secret("übergabe".as_bytes()) && secrets.is_secret(b"%C3%9Cbergabe"));
        assert!(secrets.is_secret(long.as_bytes()));
    }

    #[test]
    fn a_url_loses_what_its_fragment_hands_over() {
        let redact = |url: &str| {
            let kept = SecretParameters::new(&[], Mask::default()).redact_url(url.as_bytes());
            String::from_utf8(kept).expect("text")
        };
        assert_eq!(
            redact("https://app/cb#access_token=s&state=1"),
            "https://app/cb#access_token=[redacted]&state=1"
        );
        assert_eq!(redact("/a?b=1#code=9"), "/a?b=1#code=[redacted]");
        assert_eq!(redact("/#/login?token=9"), "/#/login?token=[redacted]");
        assert_eq!(redact("//ann:pw@example.org/a"), "//example.org/a");
    }

    proptest! {
        #[test]
        fn a_name_is_known_if_its_normal_form_is(name in "[a-zA-Z_-]{0,20}") {
            let secrets = SecretParameters::new(&["Ticket".to_owned()], Mask::default());
            prop_assert_eq!(secrets.knows(name.as_bytes()), secrets.names.contains(&normalised(&name)));
        }

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
