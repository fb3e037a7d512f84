//! What a body is: by what it is said to be, then by what it looks like.

use memchr::memchr;

use crate::redact::{
    body::Described,
    json::{begins_as_json, is_blank},
    media::essence,
};

/// How a body is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One document, or several one after the other.
    Json,
    /// `text/event-stream`.
    EventStream,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// Any other text.
    Text,
    /// Anything else.
    Binary,
    /// Parts of any kind.
    Multipart,
}

/// Types of text that do not begin with `text/`; those of JSON are told by their end.
const TEXTS: &[&str] = &[
    "application/ecmascript",
    "application/graphql",
    "application/javascript",
    "application/sql",
    "application/toml",
    "application/x-javascript",
    "application/x-yaml",
    "application/xml",
    "application/yaml",
    "image/svg+xml",
];

/// One of these, for what is made of content of another type.
pub(super) const LINES_TYPE: &str = "application/x-ndjson";

/// JSON by another name: a line for each document.
const LINES: &[&str] = &[
    "application/jsonl",
    "application/jsonlines",
    "application/ndjson",
    "application/x-jsonlines",
    "application/x-ndjson",
];

/// Whether a type is that of several documents of JSON.
pub(super) fn is_lines(content_type: &str) -> bool {
    LINES.contains(&essence(content_type).as_str())
}

impl Kind {
    /// The kind of a body that begins and ends like this.
    pub(super) fn of(described: &Described<'_>, head: &[u8], tail: &[u8]) -> Self {
        match Self::as_said(described, head, tail) {
            // Text in an encoding that nothing is found in.
            Self::Json | Self::EventStream | Self::Form | Self::Text if has_null(head) || has_null(tail) => {
                Self::Binary
            }
            kind => kind,
        }
    }

    fn as_said(described: &Described<'_>, head: &[u8], tail: &[u8]) -> Self {
        let essence = essence(described.content_type);
        let is_plain = is_text(head) && is_text(tail);
        match essence.as_str() {
            // Messages of which some may be JSON.
            _ if described.websocket && is_plain => Self::Json,
            // An answer that is no stream, such as an error.
            "text/event-stream" if begins_as_json(head) => Self::Json,
            "application/json" => Self::Json,
            name if name.ends_with("+json") || LINES.contains(&name) => Self::Json,
            "text/event-stream" => Self::EventStream,
            "application/x-www-form-urlencoded" => Self::Form,
            name if name.starts_with("multipart/") => Self::Multipart,
            name if name.starts_with("text/") || name.ends_with("+xml") || TEXTS.contains(&name) => {
                Self::by_look(head, tail)
            }
            "" if is_plain => Self::by_look(head, tail),
            _ => Self::Binary,
        }
    }

    /// Of a text: whether it is JSON.
    fn by_look(head: &[u8], tail: &[u8]) -> Self {
        let ends_as_json = || matches!(tail.iter().rev().find(|byte| !is_blank(**byte)), Some(b'}' | b']'));
        let is_json = if head.is_empty() { ends_as_json() } else { begins_as_json(head) };
        if is_json { Self::Json } else { Self::Text }
    }
}

fn has_null(bytes: &[u8]) -> bool {
    memchr(0, bytes).is_some()
}

/// Whether it is UTF-8, but for characters that its ends cut.
fn is_text(bytes: &[u8]) -> bool {
    /// Bytes of a character after its first.
    const MOST: usize = 3;
    let is_continuation = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
    let cut = bytes.iter().take(MOST).take_while(is_continuation).count();
    match str::from_utf8(&bytes[cut..]) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(content_type: &str, head: &[u8]) -> Kind {
        let described = Described {
            content_type,
            content_encoding: "",
            is_request: false,
            websocket: false,
            arrived: &[],
        };
        Kind::of(&described, head, b"")
    }

    #[test]
    fn a_type_decides() {
        for (content_type, expected) in [
            ("application/json; charset=utf-8", Kind::Json),
            ("application/problem+json", Kind::Json),
            ("application/x-ndjson", Kind::Json),
            ("text/event-stream", Kind::EventStream),
            ("Application/X-WWW-Form-Urlencoded", Kind::Form),
            ("multipart/form-data; boundary=x", Kind::Multipart),
            ("text/html", Kind::Text),
            ("application/xml", Kind::Text),
            ("image/png", Kind::Binary),
            ("application/octet-stream", Kind::Binary),
        ] {
            assert_eq!(kind(content_type, b"x"), expected, "{content_type}");
        }
    }

    #[test]
    fn text_that_begins_like_json_is_treated_as_such() {
        assert_eq!(kind("text/plain", b" \n{\"a\": 1}"), Kind::Json);
        assert_eq!(kind("", b"[1"), Kind::Json);
        assert_eq!(kind("", b"hello \xe2\x82"), Kind::Text);
    }

    #[test]
    fn what_has_no_type_and_is_no_text_is_binary() {
        assert_eq!(kind("", b"\xff\xd8\xff"), Kind::Binary);
        for content_type in ["", "text/plain", "application/json", "text/event-stream"] {
            assert_eq!(kind(content_type, b"{\0}\0"), Kind::Binary, "{content_type}");
        }
    }

    #[test]
    fn a_body_of_which_only_the_end_is_there_is_judged_by_it() {
        let described = Described {
            content_type: "",
            content_encoding: "",
            is_request: false,
            websocket: false,
            arrived: &[],
        };
        assert_eq!(Kind::of(&described, b"", b"lo\", \"a\": 1}\n"), Kind::Json);
    }
}
