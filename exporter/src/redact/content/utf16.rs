//! Text in UTF-16 as UTF-8: with its `charset`, with a byte order mark, or known by its zeros.

use std::borrow::Cow;

use offpath_core::event::Body;

use super::Content;
use crate::redact::withheld;

type Unit = fn([u8; 2]) -> u16;

/// Turns the content into UTF-8 if it is UTF-16.
pub(super) fn undo(content: &mut Content<'_>, content_type: &str, body: &Body) -> Result<(), &'static str> {
    let content_type = content_type.to_ascii_lowercase();
    if charset(&content_type).is_some_and(|charset| !is_known(charset)) {
        return Err(withheld::CHARSET);
    }
    let begins = if content.head.is_empty() && !content.gap { &content.tail } else { &content.head };
    let Some(unit) = order(begins, &content_type) else {
        let has_zeros = [&content.head, &content.tail].iter().any(|part| part.contains(&0));
        // UTF-32, or UTF-16 of which the beginning is missing: no text of any other kind has them.
        return if has_zeros && is_text(&content_type) { Err(withheld::CHARSET) } else { Ok(()) };
    };
    let before = content.head.len() + content.tail.len();
    let (head, tail) = (std::mem::take(&mut content.head), std::mem::take(&mut content.tail));
    let whole = if content.gap { Vec::new() } else { [&*head, &*tail].concat() };
    // The tail's first byte may be the second half of a unit.
    let length = if content.decoded.is_empty() { body.size } else { content.ratio.1 };
    let half = usize::from(!length.abs_diff(tail.len() as u64).is_multiple_of(2));
    let (head, tail) =
        if content.gap { (&*head, tail.get(half..).unwrap_or_default()) } else { (&*whole, &*whole) };
    let beyond = tail.len().saturating_sub(content.tail_limit) & !1;
    content.tail_limit = utf8(&tail[beyond..], unit).len();
    content.head_limit = utf8(&head[..head.len().min(content.head_limit)], unit).len();
    content.head = utf8(head, unit).into();
    content.tail = if content.gap { utf8(tail, unit).into() } else { Cow::Borrowed(&[]) };
    if !content.decoded.is_empty() {
        content.decoded.push_str(", ");
    }
    content.decoded.push_str("utf-16");
    let after = content.head.len() + content.tail.len();
    // It is in no stream of events or lines that anybody sends.
    content.chunks = None;
    content.ratio =
        (content.ratio.0.saturating_mul(before as u64), content.ratio.1.saturating_mul(after.max(1) as u64));
    Ok(())
}

/// In which order the bytes of a unit come; `None` if it is not UTF-16.
fn order(head: &[u8], content_type: &str) -> Option<Unit> {
    const LITTLE: Option<Unit> = Some(u16::from_le_bytes);
    const BIG: Option<Unit> = Some(u16::from_be_bytes);
    let is_text = is_text(content_type);
    match *head {
        [0xFF, 0xFE, 0, 0, ..] => None,
        [0xFF, 0xFE, ..] => LITTLE,
        [0xFE, 0xFF, ..] => BIG,
        _ if content_type.contains("utf-16be") => BIG,
        _ if content_type.contains("utf-16") => LITTLE,
        // RFC 4627, section 3: the first two characters of JSON are ASCII.
        [first, 0, second, 0, ..] if is_text && first != 0 && second != 0 => LITTLE,
        [0, first, 0, second, ..] if is_text && first != 0 && second != 0 => BIG,
        _ => None,
    }
}

/// Whether the content is said to be text of a kind that secrets are looked for in.
fn is_text(content_type: &str) -> bool {
    ["json", "text", "xml", "urlencoded"].iter().any(|kind| content_type.contains(kind))
}

/// The parameter of that name.
fn charset(content_type: &str) -> Option<&str> {
    let mut parameters = content_type.split(';').skip(1).map(str::trim);
    let value = parameters.find_map(|parameter| parameter.strip_prefix("charset="))?;
    Some(value.trim_matches('"')).filter(|value| !value.is_empty())
}

/// Whether ASCII is ASCII in it, or it is undone here: in others, secrets cannot be looked for.
fn is_known(charset: &str) -> bool {
    const PREFIXES: [&str; 12] = [
        "utf-8",
        "utf8",
        "utf-16",
        "us-ascii",
        "ascii",
        "iso-8859-",
        "windows-125",
        "latin",
        "gb",
        "big5",
        "euc-",
        "koi8-",
    ];
    let is_shift_jis = matches!(charset, "shift_jis" | "shift-jis" | "sjis");
    is_shift_jis || PREFIXES.iter().any(|prefix| charset.starts_with(prefix))
}

/// Half a character is a replacement character; half a unit is nothing.
fn utf8(bytes: &[u8], unit: Unit) -> Vec<u8> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let chars = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    // A byte order mark is none of the text.
    chars.filter(|c| *c != '\u{FEFF}').collect::<String>().into_bytes()
}
