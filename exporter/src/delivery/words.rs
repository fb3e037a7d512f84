//! Words of others, made fit for logs: short, of one line, and without our secrets, which backends like to repeat.

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
        let proxy = match &settings.proxy {
            Proxy::Through(proxy) => Some(proxy.expose()),
            Proxy::Environment | Proxy::None => None,
        };
        let headers = settings.headers.iter().map(|(_, value)| value.expose());
        Self(headers.chain(proxy).flat_map(parts).collect())
    }

    /// What `text` says, as it may be shown. What `request` holds in its headers counts as a secret as well.
    pub(super) fn clean(&self, text: &str, request: Option<&Request>) -> String {
        let own = request.into_iter().flat_map(|request| &request.headers);
        let own: Vec<String> = own.flat_map(|(_, value)| parts(value)).collect();
        let mut clean = text.to_owned();
        for secret in self.0.iter().chain(&own) {
            clean = clean.replace(secret.as_str(), "[secret]");
        }
        one_line(&clean)
    }
}

/// A value, and what stands after a word such as `Bearer` in it.
fn parts(value: &str) -> Vec<String> {
    let after = value.split_once(' ').map(|(_, after)| after);
    [Some(value), after]
        .into_iter()
        .flatten()
        .filter(|part| part.len() >= SHORTEST)
        .map(str::to_owned)
        .collect()
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
    fn it_is_one_short_line() {
        let secrets = Secrets::of(&Settings::default());
        assert_eq!(secrets.clean("<html>\r\n\t\u{1b}[31m<body>", None), "<html> [31m<body>");
        assert_eq!(secrets.clean(&"é".repeat(1_000), None).chars().count(), LONGEST + 1);
    }
}
