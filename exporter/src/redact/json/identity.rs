//! What a request says of whose it is.

use std::ops::Range;

use super::{
    string::{decoded, unquoted},
    token::{Begins, Kind, Token, Tokens},
};

/// The value at `path` of the document that `bytes` begin with: a string, a number, `true` or `false`. Of a document
/// that is cut, what is there is looked through.
pub(in crate::redact) fn identity(bytes: &[u8], path: &[String]) -> Option<String> {
    let mut tokens = Tokens::new(bytes, 0, Begins::Outside);
    let mut value = tokens.next()?;
    for name in path {
        value = match value.kind {
            Kind::Open(b'{') => member(bytes, &mut tokens, name)?,
            Kind::Open(_) => item(&mut tokens, name.parse().ok()?)?,
            _ => return None,
        };
    }
    scalar(bytes, &value)
}

fn scalar(bytes: &[u8], token: &Token) -> Option<String> {
    let at: Range<usize> = token.start..token.end;
    let is_whole = match token.kind {
        Kind::String { closed, .. } => closed,
        Kind::Bare => token.end < bytes.len() && &bytes[at.clone()] != b"null",
        _ => false,
    };
    is_whole.then(|| String::from_utf8_lossy(&unquoted(&bytes[at])).into_owned())
}

/// The first token of the value of the member `name` of the object that was opened.
fn member(bytes: &[u8], tokens: &mut Tokens<'_>, name: &str) -> Option<Token> {
    loop {
        let key = tokens.next()?;
        if !matches!(key.kind, Kind::String { .. }) || tokens.next()?.kind != Kind::Colon {
            return None;
        }
        let value = tokens.next()?;
        if *decoded(&bytes[key.content()]) == *name.as_bytes() {
            return Some(value);
        }
        skip(tokens, value)?;
    }
}

/// The first token of an item of the array that was opened.
fn item(tokens: &mut Tokens<'_>, number: usize) -> Option<Token> {
    for _ in 0..number {
        let value = tokens.next()?;
        skip(tokens, value)?;
    }
    tokens.next().filter(|value| !matches!(value.kind, Kind::Close(_)))
}

/// Goes over the rest of a value and the comma after it; `None` if it was the last one.
fn skip(tokens: &mut Tokens<'_>, value: Token) -> Option<()> {
    let mut depth = usize::from(matches!(value.kind, Kind::Open(_)));
    if matches!(value.kind, Kind::Close(_)) {
        return None;
    }
    while depth > 0 {
        match tokens.next()?.kind {
            Kind::Open(_) => depth += 1,
            Kind::Close(_) => depth -= 1,
            _ => {}
        }
    }
    (tokens.next()?.kind == Kind::Comma).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = concat!(
        r#"{"skip": [{"user": "not he"}, []], "us\u0065r": "Ann", "n": 7, "#,
        r#""items": [{}, {"id": "x\ty"}], "o": {}}"#
    );

    fn at(path: &[&str]) -> Option<String> {
        let path: Vec<String> = path.iter().map(|&name| name.into()).collect();
        identity(REQUEST.as_bytes(), &path)
    }

    #[test]
    fn members_and_items_are_found_by_their_path() {
        assert_eq!(at(&["user"]).as_deref(), Some("Ann"));
        assert_eq!(at(&["n"]).as_deref(), Some("7"));
        assert_eq!(at(&["items", "1", "id"]).as_deref(), Some("x\ty"));
    }

    #[test]
    fn what_is_not_there_or_no_scalar_is_none() {
        for path in [&["o"][..], &["items", "2"], &["items", "x"], &["user", "name"], &["none"]] {
            assert_eq!(at(path), None, "{path:?}");
        }
    }

    #[test]
    fn any_beginning_of_a_document_is_looked_through() {
        let path = ["user".to_owned()];
        for end in 0..REQUEST.len() {
            let found = identity(&REQUEST.as_bytes()[..end], &path);
            assert!(found.is_none() || found.as_deref() == Some("Ann"), "{found:?}");
        }
    }
}
