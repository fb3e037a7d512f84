//! Words of others, made fit for logs: short, of one line, and without our secrets, which backends like to repeat.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use offpath_core::query::percent_decoded;
use reqwest::Url;

use super::{Proxy, Request, Settings};

/// Characters that are kept.
const LONGEST: usize = 400;

/// Less than this is no secret, but part of a word.
const SHORTEST: usize = 6;

/// What must not be shown.
#[derive(Debug, Clone)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Those of a sink.
    pub(super) fn of(settings: &Settings) -> Self {
        let proxies = match &settings.proxy {
            Proxy::Through(proxy) => vec![proxy.expose().to_owned()],
            Proxy::Environment => of_environment(),
            Proxy::None => Vec::new(),
        };
        let headers = settings.headers.iter().map(|(_, value)| value.expose());
        let proxies = proxies.iter().flat_map(|proxy| parts_of_proxy(proxy));
        Self(headers.flat_map(parts).chain(proxies).collect())
    }

    /// What `text` says, as it may be shown. What `request` holds in its headers counts as a secret as well.
    pub(super) fn clean(&self, text: &str, request: Option<&Request>) -> String {
        let own = request.into_iter().flat_map(|request| &request.headers);
        let own: Vec<String> = own.flat_map(|(_, value)| parts(value)).collect();
        // The longest first: another may be a part of it, and would leave the rest.
        let mut secrets: Vec<&String> = self.0.iter().chain(&own).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let mut clean = text.to_owned();
        for secret in secrets {
            clean = clean.replace(secret.as_str(), "[secret]");
        }
        one_line(&clean)
    }
}

/// A value; what stands after a word such as `Bearer` in it; and of `Basic` the name and the password.
fn parts(value: &str) -> Vec<String> {
    let mut parts = vec![value.to_owned()];
    if let Some((word, after)) = value.split_once(' ') {
        parts.push(after.to_owned());
        if word.eq_ignore_ascii_case("basic")
            && let Ok(bytes) = STANDARD.decode(after.trim())
            && let Ok(both) = String::from_utf8(bytes)
        {
            parts.extend(
                both.split_once(':')
                    .into_iter()
                    .flat_map(|(name, password)| [name, password])
                    .map(str::to_owned),
            );
            parts.push(both);
        }
    }
    parts.retain(|part| part.len() >= SHORTEST);
    parts
}

/// The addresses of proxies in the environment, where whoever sends looks for them.
fn of_environment() -> Vec<String> {
    const NAMES: [&str; 3] = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"];
    let names = NAMES.into_iter().flat_map(|name| [name.to_owned(), name.to_lowercase()]);
    names.filter_map(|name| std::env::var(name).ok()).collect()
}

/// The address of a proxy, and the password in it, as it is written and as it is meant.
fn parts_of_proxy(proxy: &str) -> Vec<String> {
    let url = proxy.parse::<Url>().ok();
    let written = url.as_ref().and_then(Url::password).unwrap_or_default();
    let mut parts = vec![
        proxy.to_owned(),
        written.to_owned(),
        String::from_utf8_lossy(&percent_decoded(written.as_bytes())).into_owned(),
    ];
    parts.retain(|part| part.len() >= SHORTEST);
    parts
}

fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|character: char| character.is_whitespace() || character.is_control()) {
        if !line.is_empty() && !word.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[test]
    fn a_key_that_the_backend_repeats_is_not_shown() {
        let authorization =
            ("authorization".parse().expect("a name"), Secret::new("Bearer sk-12345".to_owned()));
        let settings = Settings { headers: vec![authorization], ..Settings::default() };
        let request = Request {
            url: String::new(),
            content_type: "",
            headers: vec![("x-key", "pk-67890".to_owned())],
            body: Vec::new(),
            events: Vec::new(),
        };
        let clean = Secrets::of(&settings).clean("no such key: sk-12345 of pk-67890", Some(&request));
        assert_eq!(clean, "no such key: [secret] of [secret]");
    }

    #[test]
    fn the_name_and_the_password_in_a_key_are_not_shown_either() {
        let request = Request {
            url: String::new(),
            content_type: "",
            // pk-lf-1:sk-lf-2
            headers: vec![("authorization", "Basic cGstbGYtMTpzay1sZi0y".to_owned())],
            body: Vec::new(),
            events: Vec::new(),
        };
        let secrets = Secrets::of(&Settings::default());
        let clean = |text| secrets.clean(text, Some(&request));
        assert_eq!(clean("no pk-lf-1 with sk-lf-2"), "no [secret] with [secret]");
        assert_eq!(clean("not pk-lf-1:sk-lf-2"), "not [secret]");
        assert_eq!(clean("not Basic cGstbGYtMTpzay1sZi0y"), "not [secret]");
    }

    #[test]
    fn the_password_of_a_proxy_is_not_shown_however_it_is_written() {
        let proxy = Proxy::Through(Secret::new("http://me:s%C3%A9cret%2F1@proxy:1".to_owned()));
        let secrets = Secrets::of(&Settings { proxy, ..Settings::default() });
        let clean = |text| secrets.clean(text, None);
        assert_eq!(clean("not sécret/1, s%C3%A9cret%2F1"), "not [secret], [secret]");
        assert_eq!(clean("no http://me:s%C3%A9cret%2F1@proxy:1"), "no [secret]");
    }

    #[test]
    fn it_is_one_short_line() {
        let secrets = Secrets::of(&Settings::default());
        assert_eq!(secrets.clean("<html>\r\n\t\u{1b}[31m<body>", None), "<html> [31m<body>");
        assert_eq!(secrets.clean(&"é".repeat(1_000), None).chars().count(), LONGEST + 1);
    }
}
