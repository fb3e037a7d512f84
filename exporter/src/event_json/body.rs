//! A body in JSON: as text where it is UTF-8, else in base64.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use offpath_core::event::{Body, Treated};
use serde::Serialize;

use super::known;

#[derive(Debug, Serialize)]
pub(super) struct BodyJson<'a> {
    size: u64,
    kept: u64,
    head: Cow<'a, str>,
    tail: Cow<'a, str>,
    encoding: &'static str,
    masked: u64,
    cut: u64,
    json: bool,
    content_type: Option<&'a str>,
    digest: Option<&'a str>,
    decoded: Option<&'a str>,
    withheld: Option<&'a str>,
}

impl<'a> BodyJson<'a> {
    pub(super) fn new(body: Option<&'a Body>) -> Self {
        let Some(body) = body else { return Self::of(("".into(), "".into(), "utf-8"), None) };
        let texts = match text(body) {
            Some((head, tail)) => (head, tail, "utf-8"),
            None => (STANDARD.encode(&body.head).into(), STANDARD.encode(&body.tail).into(), "base64"),
        };
        Self { size: body.size, kept: body.kept(), ..Self::of(texts, body.treated.as_ref()) }
    }

    fn of(
        (head, tail, encoding): (Cow<'a, str>, Cow<'a, str>, &'static str),
        treated: Option<&'a Treated>,
    ) -> Self {
        let said =
            |field: fn(&Treated) -> &String| treated.map(|treated| field(treated).as_str()).and_then(known);
        Self {
            size: 0,
            kept: 0,
            head,
            tail,
            encoding,
            masked: treated.map_or(0, |treated| treated.masked),
            cut: treated.map_or(0, |treated| treated.cut),
            json: treated.is_some_and(|treated| treated.json),
            content_type: said(|treated| &treated.content_type),
            digest: said(|treated| &treated.digest),
            decoded: said(|treated| &treated.decoded),
            withheld: said(|treated| &treated.withheld),
        }
    }
}

/// Head and tail as text. Where bytes were left out between them, the cut may have gone through a character: what is
/// left of it on either side is dropped. Where none were, the character goes to the tail.
pub(crate) fn text(body: &Body) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    if body.omitted() > 0 {
        return Some((without_cut_end(&body.head)?.into(), without_cut_start(&body.tail)?.into()));
    }
    if let (Ok(head), Ok(tail)) = (str::from_utf8(&body.head), str::from_utf8(&body.tail)) {
        return Some((head.into(), tail.into()));
    }
    let head = without_cut_end(&body.head)?;
    let cut = [&body.head[head.len()..], &body.tail].concat();
    Some((head.into(), String::from_utf8(cut).ok()?.into()))
}

/// Text but for a character that its end cuts; `None` if it is none.
pub(crate) fn without_cut_end(bytes: &[u8]) -> Option<&str> {
    match str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => str::from_utf8(&bytes[..error.valid_up_to()]).ok(),
        Err(_) => None,
    }
}

/// The same for a character that its start cuts.
pub(crate) fn without_cut_start(bytes: &[u8]) -> Option<&str> {
    /// A character has at most four bytes, so at most three of them can be left.
    const MOST: usize = 3;
    let is_continuation = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
    let cut = bytes.iter().take(MOST).take_while(is_continuation).count();
    str::from_utf8(&bytes[cut..]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(size: u64, head: &[u8], tail: &[u8]) -> (String, String, &'static str) {
        let body = Body { size, head: head.to_vec(), tail: tail.to_vec(), ..Body::default() };
        let json = BodyJson::new(Some(&body));
        (json.head.into_owned(), json.tail.into_owned(), json.encoding)
    }

    #[test]
    fn a_character_cut_by_the_gap_is_dropped() {
        let euro = "€".as_bytes();
        let expected = ("ab".to_owned(), "cd".to_owned(), "utf-8");
        assert_eq!(shown(100, &[b"ab", &euro[..2]].concat(), &[&euro[2..], b"cd"].concat()), expected);
    }

    #[test]
    fn a_character_across_head_and_tail_without_a_gap_is_whole() {
        let euro = "€".as_bytes();
        let expected = ("ab".to_owned(), "€cd".to_owned(), "utf-8");
        assert_eq!(shown(7, &[b"ab", &euro[..2]].concat(), &[&euro[2..], b"cd"].concat()), expected);
    }

    #[test]
    fn a_whole_body_that_ends_inside_a_character_is_base64() {
        assert_eq!(shown(2, &[b'a', 0xE2], b""), ("YeI=".to_owned(), String::new(), "base64"));
    }

    #[test]
    fn what_is_not_utf_8_is_base64_on_both_sides() {
        assert_eq!(shown(100, b"ab", &[0xFF]), ("YWI=".to_owned(), "/w==".to_owned(), "base64"));
    }
}
