//! An answer that came in parts: server-sent events
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>), one document a line, or an
//! array of documents.

use std::borrow::Cow;

use memchr::memchr2;

use crate::{Text, json};

/// How an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Nothing of it is there.
    Empty,
    /// In one piece: an object, or what is no JSON.
    Document,
    /// As server-sent events.
    Events,
    /// One document a line, more than one.
    Lines,
    /// As the items of an array.
    Array,
}

impl Shape {
    pub(crate) fn of(text: &Text<'_>) -> Self {
        let start = text.head.trim_start_matches('\u{feff}').trim_start();
        match start.as_bytes().first() {
            None => Self::Empty,
            Some(b'{') if is_lines(start) => Self::Lines,
            Some(b'{') => Self::Document,
            Some(b'[') => Self::Array,
            Some(_) if begins_events(start) => Self::Events,
            Some(_) => Self::Document,
        }
    }
}

/// Whether a line ends where a document does, and another follows.
fn is_lines(start: &str) -> bool {
    let Some((line, rest)) = start.split_once('\n') else { return false };
    line.trim_end().ends_with('}') && rest.trim_start().starts_with('{')
}

fn begins_events(start: &str) -> bool {
    ["data:", "event:", "id:", "retry:", ":"].into_iter().any(|field| start.starts_with(field))
}

/// One part of the answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Part<'t> {
    /// What kind of event it is; empty where nothing says that.
    pub(crate) name: &'t str,
    /// What it says.
    pub(crate) data: Cow<'t, str>,
    /// How many ends of lines stand before the end of it.
    pub(crate) line: u64,
}

/// The events of a text. One that the text breaks off in is one, too.
pub(crate) struct Events<'t> {
    rest: &'t str,
    line: u64,
}

impl<'t> Events<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        Self { rest: text.trim_start_matches('\u{feff}'), line: 0 }
    }
}

impl<'t> Iterator for Events<'t> {
    type Item = Part<'t>;

    fn next(&mut self) -> Option<Part<'t>> {
        let (mut name, mut data) = ("", None);
        while !self.rest.is_empty() {
            let (content, length, has_end) = split_line(self.rest);
            self.line += u64::from(has_end);
            self.rest = self.rest.get(length..).unwrap_or_default();
            if !content.is_empty() {
                add_field(content, &mut name, &mut data);
            } else if let Some(data) = data.take() {
                return Some(Part { name, data, line: self.line });
            } else {
                name = "";
            }
        }
        data.map(|data| Part { name, data, line: self.line })
    }
}

fn add_field<'t>(line: &'t str, event: &mut &'t str, data: &mut Option<Cow<'t, str>>) {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    let value = value.strip_prefix(' ').unwrap_or(value);
    match (name, data) {
        ("data", data @ None) => *data = Some(value.into()),
        ("data", Some(data)) => {
            let data = data.to_mut();
            data.push('\n');
            data.push_str(value);
        }
        ("event", _) => *event = value,
        _ => {} // Comments, ids, times to reconnect, and what is to come.
    }
}

/// A line without its end, its length with it, and whether that has a line feed.
fn split_line(text: &str) -> (&str, usize, bool) {
    let Some(at) = memchr2(b'\n', b'\r', text.as_bytes()) else { return (text, text.len(), false) };
    let (content, end) = text.split_at(at);
    let (end, has_end) = match end.as_bytes() {
        [b'\r', b'\n', ..] => (2, true),
        [b'\n', ..] => (1, true),
        _ => (1, false),
    };
    (content, at + end, has_end)
}

/// What a text that stands behind a gap begins with, if that is the end of a part and not the beginning of one.
pub(crate) fn broken(text: &str) -> &str {
    let (line, ..) = split_line(text);
    if begins_events(line) || json::whole(line).is_some() { "" } else { line }
}

/// The lines that are not blank.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Part<'_>> {
    let numbered = text.split_inclusive('\n').enumerate();
    let ended = numbered.map(|(number, line)| (line.trim(), number as u64 + u64::from(line.ends_with('\n'))));
    let said = ended.filter(|(data, _)| !data.is_empty());
    said.map(|(data, line)| Part { name: "", data: data.into(), line })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<(String, String, u64)> {
        Events::of(text).map(|part| (part.name.to_owned(), part.data.into_owned(), part.line)).collect()
    }

    fn part(name: &str, data: &str, line: u64) -> (String, String, u64) {
        (name.to_owned(), data.to_owned(), line)
    }

    #[test]
    fn events_end_with_a_blank_line_whatever_ends_lines() {
        let text = "\u{feff}: ping\n\nevent: a\r\ndata:1\r\n\r\ndata: 2\ndata:  3\n\nid: 7\n\ndata";
        assert_eq!(all(text), [part("a", "1", 5), part("", "2\n 3", 8), part("", "", 10)]);
        assert_eq!(all("data: x\r\rdata: y"), [part("", "x", 0), part("", "y", 0)]);
    }

    #[test]
    fn shapes_are_told_by_how_a_text_begins() {
        let shape = |text: &'static str| Shape::of(&Text::whole(text));
        assert_eq!(shape(""), Shape::Empty);
        assert_eq!(shape(" {\"a\": {\n}\n}"), Shape::Document);
        assert_eq!(shape("{\"a\":1}\n{\"a\":2}\n"), Shape::Lines);
        assert_eq!(shape("{\"a\":1}\n"), Shape::Document);
        assert_eq!(shape("[{"), Shape::Array);
        assert_eq!(shape(": OPENROUTER PROCESSING\n\n"), Shape::Events);
        assert_eq!(shape("<html>"), Shape::Document);
    }

    #[test]
    fn a_gap_may_end_within_a_part() {
        assert_eq!(broken("\"usage\":{}}\n\ndata: [DONE]\n\n"), "\"usage\":{}}");
        assert_eq!(broken("data: {}\n\n"), "");
        assert_eq!(broken("{\"a\":1}\n{}"), "");
        assert_eq!(broken("\n\ndata: {}"), "");
    }

    #[test]
    fn lines_are_numbered_by_their_ends() {
        let all: Vec<_> =
            lines("{}\n\n {\"a\":1} \n{").map(|part| (part.data.into_owned(), part.line)).collect();
        assert_eq!(all, [("{}".to_owned(), 1), ("{\"a\":1}".to_owned(), 3), ("{".to_owned(), 3)]);
    }
}
