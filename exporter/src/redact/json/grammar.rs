//! Whether tokens are JSON: the grammar of RFC 8259, one token at a time.
//!
//! Of the bytes after a gap the beginning is not known. Then what is open at their start is not either: closers that
//! close nothing are taken, and what stands between two of them decides whether it was an object or an array.

use super::token::{Kind, Token};

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// A value.
    Value,
    /// A value, or the end of the array.
    ItemOrClose,
    /// A key, or the end of the object.
    KeyOrClose,
    /// A key.
    Key,
    /// A colon.
    Colon,
    /// A comma, or the end of what is open. Where nothing is open: another document.
    Next,
    /// Anything: this is the first token after a gap.
    Anything,
    /// In a container whose start was not seen: a key or an item.
    KeyOrItem,
    /// After a string there: a colon if it is a key, a comma or the end if it is an item.
    ColonOrNext,
    /// The same after a string that was the first token: it may be a value too, whose key was not seen.
    AfterFirst,
}

/// Takes tokens as long as they are JSON.
#[derive(Debug, Clone)]
pub(in crate::redact) struct Grammar {
    /// What is open, by its first byte.
    open: Vec<u8>,
    expected: Expected,
    /// Of what was open before the gap, and is so still: its first byte, where it is known.
    unseen: Option<Option<u8>>,
    /// Closers of what was open before the gap.
    pub(in crate::redact) unmatched: usize,
    /// Documents that ended.
    pub(in crate::redact) documents: usize,
}

/// The token cannot stand where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::redact) struct NotJson;

impl Grammar {
    /// Of documents that begin.
    pub(in crate::redact) fn new() -> Self {
        Self { open: Vec::new(), expected: Expected::Value, unseen: None, unmatched: 0, documents: 0 }
    }

    /// Of what comes after a gap.
    pub(in crate::redact) fn after_gap() -> Self {
        Self { expected: Expected::Anything, unseen: Some(None), ..Self::new() }
    }

    /// How many containers are open that were seen to open.
    pub(in crate::redact) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Whether the tokens so far may be all.
    pub(in crate::redact) fn may_end(&self) -> bool {
        let at_end = matches!(self.expected, Expected::Next | Expected::Anything | Expected::AfterFirst);
        self.open.is_empty() && at_end
    }

    /// Whether the token that was taken last is a key.
    pub(in crate::redact) fn awaits_colon(&self) -> bool {
        self.expected == Expected::Colon
    }

    /// Takes a token.
    pub(in crate::redact) fn take(&mut self, token: &Token) -> Result<(), NotJson> {
        match token.kind {
            Kind::Open(byte) => {
                self.begin_container()?;
                self.open.push(byte);
                self.expected = if byte == b'{' { Expected::KeyOrClose } else { Expected::ItemOrClose };
                Ok(())
            }
            Kind::Close(byte) => self.close(byte),
            Kind::Comma => self.comma(),
            Kind::Colon => self.colon(),
            Kind::String { closed: false, .. } => self.begin_value(true),
            Kind::String { .. } => self.scalar(true),
            Kind::Bare => self.scalar(false),
        }
    }

    fn begin_value(&mut self, is_string: bool) -> Result<(), NotJson> {
        self.expected = match self.expected {
            Expected::Value | Expected::ItemOrClose => Expected::Next,
            Expected::KeyOrClose | Expected::Key if is_string => Expected::Colon,
            Expected::Anything if is_string => Expected::AfterFirst,
            Expected::KeyOrItem if is_string => Expected::ColonOrNext,
            // The value of a member whose key was not seen, or an item.
            Expected::Anything => Expected::Next,
            Expected::KeyOrItem => self.unseen_is(b'[', Expected::Next)?,
            _ => return Err(NotJson),
        };
        Ok(())
    }

    /// A container may be the next document. A string or a number may not: then it is rather prose.
    fn begin_container(&mut self) -> Result<(), NotJson> {
        if self.expected == Expected::Next && self.open.is_empty() && self.may_begin_document() {
            self.unseen = None;
            return Ok(());
        }
        self.begin_value(false)
    }

    /// Where nothing is open that was seen to open: whether all that was open before may have closed.
    fn may_begin_document(&self) -> bool {
        self.unseen.is_none_or(|kind| kind.is_none() && self.unmatched > 0)
    }

    fn scalar(&mut self, is_string: bool) -> Result<(), NotJson> {
        self.begin_value(is_string)?;
        self.count_document();
        Ok(())
    }

    /// Counts a document if a value ended one.
    fn count_document(&mut self) {
        self.documents += usize::from(self.open.is_empty() && self.unseen.is_none());
    }

    fn close(&mut self, byte: u8) -> Result<(), NotJson> {
        let first = if byte == b'}' { b'{' } else { b'[' };
        match self.expected {
            Expected::Next | Expected::KeyOrClose | Expected::ItemOrClose if !self.open.is_empty() => {
                if self.open.pop() != Some(first) {
                    return Err(NotJson);
                }
                self.count_document();
            }
            Expected::Next | Expected::Anything | Expected::AfterFirst | Expected::ColonOrNext
                if self.open.is_empty() =>
            {
                if self.expected == Expected::ColonOrNext {
                    self.unseen_is(b'[', Expected::Next)?;
                }
                self.unseen_is(first, Expected::Next)?;
                self.unseen = Some(None);
                self.unmatched += 1;
            }
            _ => return Err(NotJson),
        }
        self.expected = Expected::Next;
        Ok(())
    }

    fn comma(&mut self) -> Result<(), NotJson> {
        self.expected = match (self.expected, self.open.last()) {
            (Expected::Next, Some(b'{')) => Expected::Key,
            (Expected::Next, Some(_)) => Expected::Value,
            (Expected::Next | Expected::Anything | Expected::AfterFirst, None) if self.unseen.is_some() => {
                Expected::KeyOrItem
            }
            (Expected::ColonOrNext, None) => self.unseen_is(b'[', Expected::KeyOrItem)?,
            _ => return Err(NotJson),
        };
        Ok(())
    }

    fn colon(&mut self) -> Result<(), NotJson> {
        self.expected = match self.expected {
            Expected::Colon => Expected::Value,
            Expected::Anything | Expected::AfterFirst | Expected::ColonOrNext => {
                self.unseen_is(b'{', Expected::Value)?
            }
            _ => return Err(NotJson),
        };
        Ok(())
    }

    /// What is open from before the gap is of this kind.
    fn unseen_is(&mut self, first: u8, expected: Expected) -> Result<Expected, NotJson> {
        match &mut self.unseen {
            Some(Some(kind)) if *kind != first => Err(NotJson),
            Some(kind) => {
                *kind = Some(first);
                Ok(expected)
            }
            None => Err(NotJson),
        }
    }
}

/// Whether a value without quotes is one of JSON's, or one that Python and others write although it is not.
pub(in crate::redact) fn is_literal(bare: &[u8]) -> bool {
    matches!(bare, b"true" | b"false" | b"null" | b"NaN" | b"Infinity" | b"-Infinity") || is_number(bare)
}

/// RFC 8259, section 6.
fn is_number(bare: &[u8]) -> bool {
    let unsigned = bare.strip_prefix(b"-").unwrap_or(bare);
    let integer = digits(unsigned);
    if integer == 0 || integer > 1 && unsigned[0] == b'0' {
        return false;
    }
    let mut rest = &unsigned[integer..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    if let Some(exponent) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        let unsigned =
            exponent.strip_prefix(b"-").or_else(|| exponent.strip_prefix(b"+")).unwrap_or(exponent);
        let length = digits(unsigned);
        return length > 0 && length == unsigned.len();
    }
    rest.is_empty()
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::json::token::{Begins, Tokens};
    use proptest::prelude::*;

    fn accepts(mut grammar: Grammar, json: &str) -> Option<Grammar> {
        Tokens::new(json.as_bytes(), 0, Begins::Outside)
            .all(|token| grammar.take(&token).is_ok())
            .then_some(grammar)
    }

    fn is_json(json: &str) -> bool {
        accepts(Grammar::new(), json).is_some_and(|grammar| grammar.may_end())
    }

    fn may_follow_a_gap(json: &str) -> bool {
        accepts(Grammar::after_gap(), json).is_some()
    }

    #[test]
    fn documents_are_json() {
        for json in ["{}", "[]", "1", r#"{"a":[1,{"b":null}],"c":"d"}"#, "{}\n{}\n[]"] {
            assert!(is_json(json), "{json}");
        }
    }

    #[test]
    fn what_is_out_of_order_is_none() {
        for json in [
            "{",
            "[1,]",
            r#"{"a"}"#,
            r#"{"a":1,}"#,
            r#"{1:2}"#,
            "[1 2]",
            "]",
            "[}",
            ",",
            r#"{"a":"b":"c"}"#,
            "[1]]",
        ] {
            assert!(!is_json(json), "{json}");
        }
    }

    #[test]
    fn the_end_of_any_document_may_follow_a_gap() {
        let json = r#"{"a": ["b", 12, {"c": "d"}, [null, "e"]], "f": {"g": true}}"#;
        for token in Tokens::new(json.as_bytes(), 0, Begins::Outside) {
            assert!(may_follow_a_gap(&json[token.start..]), "{}", &json[token.start..]);
        }
    }

    #[test]
    fn what_ends_no_document_may_not_follow_a_gap() {
        for json in [r#", 1, "a": 2"#, "1, 2}", r#", "a"}"#, r#""a": 1]"#, "} 1, 2]", "a b", ", ,"] {
            assert!(!may_follow_a_gap(json), "{json}");
        }
    }

    #[test]
    fn each_document_counts_once() {
        for (json, count) in [("{\"a\": [1, {}]}", 1), ("1 {}\n[]", 3), ("{", 0), ("\"a", 0)] {
            assert_eq!(accepts(Grammar::new(), json).expect("JSON").documents, count, "{json}");
        }
    }

    #[test]
    fn closers_of_what_was_open_before_are_counted() {
        let grammar = accepts(Grammar::after_gap(), r#"1}, {"a": []}], "b": 2}"#).expect("the end of JSON");
        assert_eq!(grammar.unmatched, 3);
        assert!(grammar.may_end());
    }

    proptest! {
        #[test]
        fn a_number_is_what_others_take_for_one(text in "-?[0-9]{0,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?") {
            let theirs = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
            prop_assert_eq!(is_number(text.as_bytes()), theirs, "{}", text);
        }
    }
}
