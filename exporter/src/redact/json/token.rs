//! The tokens of JSON (RFC 8259, section 2), also of what only resembles it: any bytes are tokens.

use memchr::memchr2;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::redact) enum Kind {
    /// `{` or `[`.
    Open(u8),
    /// `}` or `]`.
    Close(u8),
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// A string.
    String {
        /// Whether it has escapes.
        escaped: bool,
        /// Whether its first quote is there.
        opened: bool,
        /// Whether its last quote is there.
        closed: bool,
    },
    /// A number, `true`, `false`, `null`, or anything else.
    Bare,
}

/// A token and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::redact) struct Token {
    pub(in crate::redact) kind: Kind,
    pub(in crate::redact) start: usize,
    pub(in crate::redact) end: usize,
}

/// Where the bytes begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::redact) enum Begins {
    /// Between tokens, or in a number.
    Outside,
    /// In a string.
    InString,
    /// In a string, after the backslash of an escape.
    AfterBackslash,
}

/// Splits bytes into tokens.
#[derive(Debug, Clone)]
pub(in crate::redact) struct Tokens<'b> {
    bytes: &'b [u8],
    at: usize,
    begins: Begins,
}

impl<'b> Tokens<'b> {
    /// The tokens of `bytes` from `at` on.
    pub(in crate::redact) fn new(bytes: &'b [u8], at: usize, begins: Begins) -> Self {
        Self { bytes, at, begins }
    }

    fn string(&mut self, start: usize, opened: bool) -> Token {
        let mut escaped = false;
        while let Some(found) = quote_or_backslash(self.bytes.get(self.at..).unwrap_or_default()) {
            self.at += found + 1;
            if self.bytes[self.at - 1] == b'"' {
                return Token { kind: Kind::String { escaped, opened, closed: true }, start, end: self.at };
            }
            escaped = true;
            self.at += 1;
        }
        self.at = self.bytes.len();
        Token { kind: Kind::String { escaped, opened, closed: false }, start, end: self.at }
    }

    fn bare(&mut self, start: usize) -> Token {
        let rest = &self.bytes[start..];
        let ends =
            |byte: &u8| matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':' | b'"') || is_blank(*byte);
        self.at = start + rest.iter().position(ends).unwrap_or(rest.len());
        Token { kind: Kind::Bare, start, end: self.at }
    }
}

#[cfg(test)]
thread_local! {
    /// Bytes of all tokens that a thread has read.
    pub(in crate::redact) static READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    // A token that goes through memory costs more than it takes to read it.
    #[inline(always)]
    fn next(&mut self) -> Option<Token> {
        let token = self.read();
        #[cfg(test)]
        READ.set(READ.get() + token.map_or(0, |token| token.end - token.start));
        token
    }
}

impl Tokens<'_> {
    #[inline(always)]
    fn read(&mut self) -> Option<Token> {
        match std::mem::replace(&mut self.begins, Begins::Outside) {
            Begins::Outside => {}
            Begins::InString => return Some(self.string(self.at, false)),
            Begins::AfterBackslash => {
                let start = self.at;
                self.at += 1;
                return Some(self.string(start, false));
            }
        }
        while self.bytes.get(self.at).is_some_and(|byte| is_blank(*byte)) {
            self.at += 1;
        }
        let start = self.at;
        let byte = *self.bytes.get(start)?;
        self.at += 1;
        let kind = match byte {
            b'{' | b'[' => Kind::Open(byte),
            b'}' | b']' => Kind::Close(byte),
            b',' => Kind::Comma,
            b':' => Kind::Colon,
            b'"' => return Some(self.string(start, true)),
            _ => return Some(self.bare(start)),
        };
        Some(Token { kind, start, end: self.at })
    }
}

impl Token {
    /// The bytes between the quotes of a string, those of any other token.
    pub(in crate::redact) fn content(&self) -> std::ops::Range<usize> {
        let Kind::String { opened, closed, .. } = self.kind else { return self.start..self.end };
        self.start + usize::from(opened)..self.end - usize::from(closed)
    }
}

/// Blanks of RFC 8259.
pub(in crate::redact) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// Most strings are keys and short values, for which a search of vectors takes longer to begin than to do it by bytes.
fn quote_or_backslash(bytes: &[u8]) -> Option<usize> {
    const FEW: usize = 16;
    let is_found = |byte: &u8| matches!(byte, b'"' | b'\\');
    let (first, rest) = bytes.split_at(bytes.len().min(FEW));
    first.iter().position(is_found).or_else(|| memchr2(b'"', b'\\', rest).map(|at| at + first.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(json: &str, begins: Begins) -> Vec<&str> {
        Tokens::new(json.as_bytes(), 0, begins).map(|token| &json[token.start..token.end]).collect()
    }

    #[test]
    fn a_document_is_split_at_its_punctuation() {
        let expected = ["{", r#""a\"b""#, ":", "[", "1e5", ",", "null", "]", "}"];
        assert_eq!(texts(r#"{"a\"b" : [1e5,null] }"#, Begins::Outside), expected);
    }

    #[test]
    fn a_string_ends_at_the_end_of_the_bytes_at_the_latest() {
        assert_eq!(texts(r#"["abc"#, Begins::Outside), ["[", "\"abc"]);
        assert_eq!(texts(r#"["abc\"#, Begins::Outside), ["[", "\"abc\\"]);
    }

    #[test]
    fn bytes_may_begin_in_a_string_and_in_an_escape() {
        assert_eq!(texts(r#"b",1"#, Begins::InString), ["b\"", ",", "1"]);
        assert_eq!(texts(r#"",1"#, Begins::AfterBackslash), ["\",1"]);
        assert_eq!(texts(r#"""#, Begins::InString), ["\""]);
        assert_eq!(texts("", Begins::AfterBackslash), [""]);
    }
}
