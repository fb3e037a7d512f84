//! Forms: `application/x-www-form-urlencoded` (<https://url.spec.whatwg.org/#application/x-www-form-urlencoded>).

use std::ops::Range;

use offpath_core::query::secret_value;

use super::{
    Redactor,
    edits::{Edits, Why},
    finder::GaveUp,
    json,
    piece::Piece,
    text::Decoded,
};

/// Masks the secrets in a form. A parameter that a gap ends in is masked whole: its name is not known.
pub(super) fn mask(piece: &Piece<'_>, redactor: &Redactor, edits: &mut Edits) -> Result<(), GaveUp> {
    let mut texts = Decoded::default();
    let mut start = 0;
    let mut drops_next = false;
    for parameter in piece.bytes.split(|byte| *byte == b'&') {
        let all = start..start + parameter.len();
        start = all.end + 1;
        let secret = secret_value(parameter, |name| is_secret(name, redactor));
        let begins = secret.or_else(|| parameter.iter().position(|byte| *byte == b'=').map(|at| at + 1));
        let value = all.start + begins.unwrap_or(0)..all.end;
        if let Some(equals) = begins.map(|begins| begins - 1) {
            decode(&mut texts, &parameter[..equals], all.start);
            texts.end_part();
        }
        let is_cut = piece.cut_start && all.start == 0;
        let is_secret = is_cut || secret.is_some();
        if !is_secret {
            drops_next = false;
            add(&mut texts, piece, value, redactor, edits)?;
        } else if redactor.mask.drops() {
            // The separator goes with it: that before, or of the first ones that after.
            let is_first = all.start == 0 || drops_next;
            let end = if is_first { (all.end + 1).min(piece.bytes.len()) } else { all.end };
            edits.push(all.start - usize::from(!is_first)..end, "", Why::Masked);
            drops_next = is_first;
        } else if !value.is_empty() {
            let whole = !is_cut && piece.has_whole(&value);
            let mask = redactor.mask.of(decoded(piece, &value).text(), whole);
            edits.push(value, &mask, Why::Masked);
        }
    }
    texts.mask(redactor, piece, edits)?;
    edits.settle();
    Ok(())
}

fn is_secret(name: &[u8], redactor: &Redactor) -> bool {
    let mut text = Decoded::default();
    decode(&mut text, name, 0);
    redactor.parameters.is_secret(name) || redactor.keys.has(&String::from_utf8_lossy(text.text()))
}

/// Has a value searched: as text, or if that is what it is, as JSON.
fn add(
    texts: &mut Decoded,
    piece: &Piece<'_>,
    value: Range<usize>,
    redactor: &Redactor,
    edits: &mut Edits,
) -> Result<(), GaveUp> {
    if matches!(piece.bytes.get(value.start), Some(b'{' | b'[' | b'%')) {
        let text = decoded(piece, &value);
        if json::begins_as_json(text.text()) {
            let inner = Piece { bytes: text.text(), cut_start: false, cut_end: !piece.has_whole(&value) };
            let found = json::mask(&inner, redactor, json::Reading::documents(false))?;
            for (at, with, why) in found.edits.iter() {
                text.replace(at, &encoded(with), why, edits);
            }
            return Ok(());
        }
    }
    decode(texts, &piece.bytes[value.clone()], value.start);
    texts.end_part();
    Ok(())
}

fn decoded(piece: &Piece<'_>, value: &Range<usize>) -> Decoded {
    let mut text = Decoded::default();
    decode(&mut text, &piece.bytes[value.clone()], value.start);
    text
}

/// Adds what `bytes`, which stand at `start`, say without their escapes.
fn decode(text: &mut Decoded, bytes: &[u8], start: usize) {
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let plain = rest.iter().position(|byte| matches!(byte, b'%' | b'+')).unwrap_or(rest.len());
        if plain > 0 {
            text.push(&rest[..plain], start + at);
            at += plain;
            continue;
        }
        let (byte, length) = escape(rest);
        text.push_escape(&[byte], start + at..start + at + length);
        at += length;
    }
}

/// What the escape stands for that `bytes` begin with, and its length.
fn escape(bytes: &[u8]) -> (u8, usize) {
    let digits = bytes.get(1..3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    let byte = digits.and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
    match (bytes[0], byte) {
        (b'%', Some(byte)) => (byte, 3),
        (b'+', _) => (b' ', 1),
        (byte, _) => (byte, 1),
    }
}

/// A mask within JSON in a form: what separates parameters may not stand in it.
fn encoded(text: &str) -> String {
    text.replace('%', "%25").replace('&', "%26").replace('+', "%2B").replace('"', "%22").replace(' ', "+")
}
