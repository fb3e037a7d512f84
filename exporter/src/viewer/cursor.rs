//! Where a page of results stopped, as a text that nobody should take apart.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::failure::Failure;

/// A time, and what tells apart what has the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) time: i64,
    pub(crate) rest: String,
}

impl Cursor {
    /// Of an event.
    pub(crate) fn of((time, seq): (i64, i64)) -> Self {
        Self { time, rest: seq.to_string() }
    }

    /// The time and the `seq` of an event.
    pub(crate) fn place(text: &str) -> Result<(i64, i64), Failure> {
        let cursor = Self::read(text)?;
        let seq = cursor.rest.parse();
        Ok((cursor.time, seq.map_err(|_| foreign(text))?))
    }

    pub(crate) fn write(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(format!("{} {}", self.time, self.rest))
    }

    pub(crate) fn read(text: &str) -> Result<Self, Failure> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        let decoded = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let parts = decoded.as_deref().and_then(|decoded| decoded.split_once(' '));
        parts
            .and_then(|(time, rest)| Some(Self { time: time.parse().ok()?, rest: rest.to_owned() }))
            .ok_or_else(|| foreign(text))
    }
}

fn foreign(text: &str) -> Failure {
    Failure::Asked(format!("cursor must be `next` of the page before; it is {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let cursor =
            Cursor { time: 1_795_161_600_123_456_789, rest: "a session / with \u{202e} spaces".to_owned() };
        assert_eq!(Cursor::read(&cursor.write()).expect("a cursor"), cursor);
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in ["", "x", "!", "OQ", "LTE"] {
            let said = Cursor::read(text).expect_err("refused").to_string();
            assert!(said.starts_with("cursor must be `next` of the page before"), "{said}");
        }
    }
}
