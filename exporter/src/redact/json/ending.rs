//! What stands at the end of a document that was cut, and can follow its beginning.

use std::ops::Range;

use super::{
    tail::only_way_to_read,
    token::{Kind, Tokens},
};

/// Members of the outermost object, or items of the outermost array.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::redact) struct Ending {
    /// `{` or `[`.
    pub(in crate::redact) first: u8,
    /// Where they are, from after a comma up to the last closer.
    pub(in crate::redact) members: Range<usize>,
}

/// What `bytes`, which are the end of one document, have of it as a whole. `None` if there is none, or more than one way to
/// read them.
pub(in crate::redact) fn ending(bytes: &[u8]) -> Option<Ending> {
    let (begins, closers) = only_way_to_read(bytes)?;
    let (mut depth, mut unmatched, mut start) = (0_usize, 0, None);
    for token in Tokens::new(bytes, 0, begins) {
        match token.kind {
            Kind::Open(_) => depth += 1,
            Kind::Close(_) if depth > 0 => depth -= 1,
            Kind::Close(byte) => {
                unmatched += 1;
                if unmatched == closers {
                    let first = if byte == b'}' { b'{' } else { b'[' };
                    return Some(Ending { first, members: start?..token.start });
                }
            }
            Kind::Comma if depth == 0 && unmatched + 1 == closers => {
                start = start.or(Some(token.end));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(bytes: &str) -> Option<(char, &str)> {
        ending(bytes.as_bytes()).map(|ending| (char::from(ending.first), &bytes[ending.members]))
    }

    #[test]
    fn members_of_the_document_that_are_whole_are_told() {
        assert_eq!(
            members(r#"lo"}], "usage": {"total": 9}, "id": 1}"#),
            Some(('{', r#" "usage": {"total": 9}, "id": 1"#))
        );
        assert_eq!(members(r#"rue}, {"a": 1}, [2]]"#), Some(('[', r#" {"a": 1}, [2]"#)));
        assert_eq!(members("12, 3 ]\n"), Some(('[', " 3 ")));
    }

    #[test]
    fn what_is_not_whole_or_not_the_end_is_not() {
        for bytes in ["lo\"}", "\"a\": 1}", "and so on", r#", "a": 1"#, "1}\n{\"a\": 1}"] {
            assert_eq!(members(bytes), None, "{bytes}");
        }
    }
}
